// Inputs that the server completes: a name, one value or several, a length of time.
import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { ComboBox, Input, ListBox, ListBoxItem, Popover } from 'react-aria-components';
import { useQuery } from 'urql';

import { ValuesDocument } from '../../api/builder';
import { count } from '../../format';
import type { AttributeType, MemberKind } from '../../gql/graphql';
import { useSettled } from '../../ui/parts';
import { Icon } from '../../ui/icon';
import type { Scalar } from './tree';

export interface Option { key: string; text: string; side?: string; also?: string }

/** One of many, found by typing. With `free`, what is typed counts even if it is not offered. */
export function Pick({ label, value, options, onChange, onSearch, free, focus, placeholder }: {
  label: string; value: string; options: readonly Option[]; onChange: (key: string) => void; onSearch?: (text: string) => void;
  free?: boolean; focus?: boolean; placeholder?: string;
}): ReactNode {
  const { t } = useLingui();
  const known = options.find((one) => one.key === value);
  const [text, setText] = useState(known?.text ?? value);
  const typing = useRef(false);
  useEffect(() => { if (!typing.current) setText(known?.text ?? value); }, [known?.text, value]);
  const words = text.toLowerCase();
  const shown = typing.current && text !== known?.text ? options.filter((one) => `${one.text} ${one.key} ${one.also ?? ''}`.toLowerCase().includes(words)) : options;
  return (
    <ComboBox
      aria-label={label} items={shown.slice(0, 60)} inputValue={text} selectedKey={value || null} menuTrigger="focus" allowsEmptyCollection
      allowsCustomValue={free ?? false}
      onInputChange={(next) => {
        typing.current = true;
        setText(next);
        onSearch?.(next);
        if (free) onChange(next);
      }}
      onSelectionChange={(key) => {
        typing.current = false;
        if (key === null) return free ? undefined : setText(known?.text ?? value);
        onChange(String(key));
        setText(options.find((one) => one.key === key)?.text ?? String(key));
      }}
      onBlur={() => {
        typing.current = false;
        if (!free) setText(known?.text ?? value);
      }}
    >
      <Input autoFocus={focus ?? false} placeholder={placeholder ?? t`Search`} maxLength={1_000} spellCheck={false} />
      <Popover offset={4}>
        <ListBox<Option> renderEmptyState={() => <p className="muted popover-body"><Trans>Nothing is called that.</Trans></p>}>
          {(one) => <ListBoxItem id={one.key} textValue={one.text}><span>{one.text}</span>{one.side && <span className="side">{one.side}</span>}</ListBoxItem>}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}

/** A text as the number that it writes; what is no number stays a text, and the server says so. */
export function numberIn(text: string): Scalar {
  return text !== '' && String(Number(text)) === text ? Number(text) : text;
}

/** Values that members have, most frequent first. */
export function useValues(kind: MemberKind | null, field: string): [readonly Option[], (search: string) => void] {
  const [search, setSearch] = useState('');
  const settled = useSettled(search, 150);
  const [{ data }] = useQuery({
    query: ValuesDocument, variables: { kind: kind ?? 'ACCOUNT', field, search: settled || null }, pause: !kind || !field, requestPolicy: 'cache-first',
  });
  const options = (data?.valueSuggestions ?? []).map((one) => ({ key: String(one.value), text: String(one.value), side: count(one.count) }));
  return [options, setSearch];
}

export function ValueInput({ label, type, value, options, onSearch, onChange }: {
  label: string; type: AttributeType; value: Scalar; options: readonly Option[]; onSearch: (text: string) => void; onChange: (value: Scalar) => void;
}): ReactNode {
  const { t } = useLingui();
  if (type === 'BOOLEAN') {
    return (
      <select aria-label={label} value={String(value)} onChange={(event) => onChange(event.target.value === 'true')}>
        {value === '' && <option value="">–</option>}
        <option value="true">{t`yes`}</option>
        <option value="false">{t`no`}</option>
      </select>
    );
  }
  if (type === 'NUMBER') return <input aria-label={label} inputMode="decimal" value={String(value)} onChange={(event) => onChange(numberIn(event.target.value.trim()))} />;
  if (type === 'DATE' || (type === 'DATETIME' && (value === '' || /^\d{4}-\d{2}-\d{2}$/.test(String(value))))) {
    return <input type="date" aria-label={label} value={String(value)} onChange={(event) => onChange(event.target.value)} />;
  }
  if (type === 'DATETIME') return <input aria-label={label} value={String(value)} onChange={(event) => onChange(event.target.value)} />;
  return <Pick label={label} value={String(value)} options={options} onSearch={onSearch} free onChange={onChange} placeholder={t`Value`} />;
}

/** Several values as chips. Enter or a comma adds what is typed; Backspace in the empty input takes the last one away. */
export function ValuesInput({ label, type, values, options, onSearch, onChange }: {
  label: string; type: AttributeType; values: readonly Scalar[]; options: readonly Option[]; onSearch: (text: string) => void; onChange: (values: readonly Scalar[]) => void;
}): ReactNode {
  const { t } = useLingui();
  const [text, setText] = useState('');
  const given = new Set(values.map(String));
  const add = (...texts: string[]): void => {
    const more = texts.map((one) => one.trim()).filter((one, index) => one && !given.has(one) && texts.indexOf(one) === index);
    if (more.length) onChange([...values, ...more.map((one) => (type === 'NUMBER' ? numberIn(one) : one))]);
    setText('');
    onSearch('');
  };
  const words = text.toLowerCase();
  const shown = options.filter((one) => !given.has(one.key) && one.text.toLowerCase().includes(words));
  return (
    <div className="stack tight">
      {values.length > 0 && (
        <ul className="chips" aria-label={label}>
          {values.map((one) => (
            <li key={String(one)} className="chip">
              {String(one)}
              <button type="button" aria-label={t`Remove ${String(one)}`} onClick={() => onChange(values.filter((other) => other !== one))}><Icon name="close" /></button>
            </li>
          ))}
        </ul>
      )}
      <ComboBox
        aria-label={t`Add a value: ${label}`} items={shown} inputValue={text} selectedKey={null} menuTrigger="focus" allowsCustomValue allowsEmptyCollection
        onInputChange={(next) => { setText(next); onSearch(next); }}
        onSelectionChange={(key) => { if (key !== null) add(String(key)); }}
      >
        <Input
          placeholder={t`Add a value`} spellCheck={false} maxLength={1_000}
          onPaste={(event) => {
            const lines = event.clipboardData.getData('text').split(/[\n\t;]+/).filter((one) => one.trim());
            if (lines.length < 2) return;
            event.preventDefault();
            add(...lines.map((one) => one.trim()));
          }}
          onBlur={() => { if (text.trim()) add(text); }}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && text.trim() && !event.currentTarget.getAttribute('aria-activedescendant')) {
              event.preventDefault();
              add(text);
            } else if (event.key === 'Backspace' && !text && values.length) onChange(values.slice(0, -1));
          }}
        />
        <Popover offset={4}>
          <ListBox<Option> renderEmptyState={() => <p className="muted popover-body">{text ? <Trans>Press Enter to add “{text}”.</Trans> : <Trans>Type a value, and press Enter.</Trans>}</p>}>
            {(one) => <ListBoxItem id={one.key} textValue={one.text}><span>{one.text}</span><span className="side">{one.side}</span></ListBoxItem>}
          </ListBox>
        </Popover>
      </ComboBox>
    </div>
  );
}

const UNITS = [['D', 'P'], ['W', 'P'], ['M', 'P'], ['Y', 'P'], ['H', 'PT']] as const;
const SIMPLE = /^(?:P(?=\d+[DWMY]$)|PT(?=\d+H$))(\d+)([DWMYH])$/;

/** A length of time: a number and its unit. Others, such as one year and two months, are written as ISO 8601. */
export function LengthInput({ label, value, onChange, optional }: { label: string; value: string; onChange: (value: string) => void; optional?: boolean }): ReactNode {
  const { t } = useLingui();
  const names: Record<string, string> = { D: t`days`, W: t`weeks`, M: t`months`, Y: t`years`, H: t`hours` };
  const [, number = '', unit = 'D'] = SIMPLE.exec(value) ?? [];
  const [lastUnit, setLastUnit] = useState(unit);
  const write = (amount: string, of: string): void => {
    setLastUnit(of);
    onChange(/^\d+$/.test(amount) ? `${UNITS.find(([one]) => one === of)?.[1] ?? 'P'}${Number(amount)}${of}` : '');
  };
  if (value && !SIMPLE.test(value)) return <input aria-label={label} value={value} onChange={(event) => onChange(event.target.value.toUpperCase())} />;
  const shownUnit = value ? unit : lastUnit;
  return (
    <span className="length">
      <input aria-label={label} type="number" min={0} max={99_999} step={1} placeholder={optional ? t`any` : ''} value={number} onChange={(event) => write(event.target.value, shownUnit)} />
      <select aria-label={t`Unit of ${label}`} value={shownUnit} onChange={(event) => write(number, event.target.value)}>
        {UNITS.map(([one]) => <option key={one} value={one}>{names[one]}</option>)}
      </select>
    </span>
  );
}

// How a column is read: what its cells leave open is asked, and what was detected can be changed.
import { Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';

import type { AttributeType } from '../../gql/graphql';
import { NOTHING } from '../../format';
import { ChoiceField } from '../../ui/editing';
import { word } from '../../words';

export interface Ambiguity { setting: string; options: readonly string[]; message: string }

export interface Reading {
  type?: AttributeType;
  decimal?: string;
  dateOrder?: string;
  separator?: string;
  emptyClears?: boolean;
  words?: Readonly<Record<string, unknown>>;
}

const TYPES: readonly AttributeType[] = ['STRING', 'NUMBER', 'BOOLEAN', 'DATE', 'DATETIME', 'STRING_LIST'];

/** The questions that a column leaves open, and its other settings folded away. */
export function Open({ column, field, type, known, ambiguities, value, onChange }: {
  column: string; field: string; type: AttributeType; known: Reading; ambiguities: readonly Ambiguity[]; value: Reading; onChange: (reading: Reading) => void;
}): ReactNode {
  const { t } = useLingui();
  const isConsent = field.startsWith('consent');
  const isAttribute = !/^(relations|shippingAddress|billingAddress)\./.test(field) && field === column;
  const open = new Set(ambiguities.map((one) => one.setting));
  const examples: Record<string, Record<string, string>> = {
    decimal: { '.': t`1,250.50: the point is decimal`, ',': t`1.250,50: the comma is decimal` },
    dateOrder: { YMD: t`year, month, day`, DMY: t`day, month, year`, MDY: t`month, day, year` },
  };
  const text = (setting: string, option: string): string => examples[setting]?.[option] ?? option;
  const set = (name: string, next: unknown): void => {
    const { [name as keyof Reading]: _, ...rest } = value;
    onChange((next === '' ? rest : { ...value, [name]: next }) as Reading);
  };
  return (
    <>
      {ambiguities.map((one) => (one.setting === 'words' ? (
        <fieldset key="words" className="picker">
          <legend className="small">{one.message}</legend>
          {one.options.map((option) => (
            <ChoiceField
              key={option} label={t`“${option}” means`} value={String(value.words?.[option] ?? '')}
              options={[['', t`Choose`], ...(isConsent ? (['GRANTED', 'DENIED', 'UNKNOWN'] as const).map((state) => [state, word(state)] as const) : ([['true', word('YES')], ['false', word('NO')]] as const))]}
              onChange={(next) => set('words', { ...value.words, [option]: isConsent ? next : next === 'true' })}
            />
          ))}
        </fieldset>
      ) : (
        <ChoiceField
          key={one.setting} label={<span className="small">{one.message}</span>} value={String(value[one.setting as keyof Reading] ?? '')}
          options={[['', t`Choose`], ...one.options.map((option) => [option, text(one.setting, option)] as const)]} onChange={(next) => set(one.setting, next)}
        />
      )))}
      <details className="small">
        <summary><Trans>How it is read: {word(value.type ?? type)}</Trans></summary>
        <div className="stack tight" style={{ marginTop: '0.4rem' }}>
          {isAttribute && <ChoiceField label={t`Type of the attribute`} value={value.type ?? ''} options={[['', word(type)], ...TYPES.filter((one) => one !== type).map((one) => [one, word(one)] as const)]} onChange={(next) => set('type', next)} />}
          {(['decimal', 'dateOrder'] as const).filter((setting) => known[setting] && !open.has(setting)).map((setting) => (
            <ChoiceField key={setting} label={setting === 'decimal' ? t`Numbers` : t`Dates`} value={value[setting] ?? ''} options={[['', text(setting, known[setting] ?? '')], ...Object.entries(examples[setting] ?? {}).filter(([option]) => option !== known[setting])]} onChange={(next) => set(setting, next)} />
          ))}
          <label className="check"><input type="checkbox" checked={value.emptyClears ?? false} onChange={(event) => set('emptyClears', event.target.checked || '')} /><Trans>An empty cell removes the value</Trans></label>
        </div>
      </details>
    </>
  );
}

/** Cells as they are in the file, and as they are stored. */
export function Samples({ before, after }: { before: readonly string[]; after: readonly (string | null)[] | null }): ReactNode {
  const { t } = useLingui();
  return (
    <ul>
      {before.slice(0, 4).map((cell, index) => {
        const stored = after?.[index];
        return (
          <li key={index} style={after ? undefined : { gridTemplateColumns: '1fr' }}>
            <span className="muted">{cell || NOTHING}</span>
            {after && <span aria-hidden="true">→</span>}
            {after && (stored === null || stored === undefined ? <span className={cell.trim() ? 'lost' : 'muted'}>{cell.trim() ? t`no value` : NOTHING}</span> : <span>{stored}</span>)}
          </li>
        );
      })}
    </ul>
  );
}

// One condition, to be read and to be edited. There is a form for every kind of condition of the language.
import { Trans, useLingui } from '@lingui/react/macro';
import { plural, t } from '@lingui/core/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';

import { SegmentNameDocument, SegmentNamesDocument, type EventOfKind, type FieldOfKind } from '../../api/builder';
import { count } from '../../format';
import type { AttributeOp, AttributeType, Channel, CompareOp, ConsentState, EventAggregate, MemberKind, SetOp } from '../../gql/graphql';
import { Choice, useSettled } from '../../ui/parts';
import { Icon } from '../../ui/icon';
import { word } from '../../words';
import { useEventsOf, useFields, useRelations } from './answers';
import { LengthInput, numberIn, Pick, useValues, ValueInput, ValuesInput } from './inputs';
import {
  LENGTHS, NO_VALUE, SEVERAL, someComparison, someEvent, takesProperty,
  type Comparison, type Happened, type Happening, type Leaf, type Node, type Period, type Related, type Scalar,
} from './tree';

type Edit<N> = (change: Partial<N>) => void;

const NUMBER_OPS: readonly CompareOp[] = ['GTE', 'GT', 'EQ', 'NE', 'LTE', 'LT', 'BETWEEN'];
const TIME_OPS: readonly CompareOp[] = ['WITHIN_LAST', 'NOT_WITHIN_LAST', 'ON', 'BEFORE', 'AFTER', 'BETWEEN', 'ANNIVERSARY_WITHIN'];
const RELATED_OPS: readonly CompareOp[] = ['GTE', 'GT', 'EQ', 'NE', 'LTE', 'LT'];
const AGGREGATES: readonly EventAggregate[] = ['COUNT', 'SUM', 'AVG', 'MIN', 'MAX', 'DISTINCT_DAYS', 'FIRST_AT', 'LAST_AT'];
const CHANNELS: readonly Channel[] = ['EMAIL', 'DIRECT_MAIL', 'SMS', 'PHONE', 'PUSH'];
const STATES: readonly ConsentState[] = ['GRANTED', 'DENIED', 'UNKNOWN'];
const SET_OPS: readonly SetOp[] = ['HAS_ANY', 'HAS_ALL', 'HAS_NONE'];
const isTime = (aggregate: EventAggregate): boolean => aggregate === 'FIRST_AT' || aggregate === 'LAST_AT';
const worded = <T extends string>(values: readonly T[]): (readonly [T, string])[] => values.map((one) => [one, word(one)] as const);

/** What is compared with a length, a day or a number must be given anew when the operator wants another of them. */
const shapeOf = (op: string): string => (LENGTHS.has(op) ? 'length' : 'value');

function withOperator<N extends Comparison>(of: N, op: AttributeOp): Partial<Comparison> {
  const value = shapeOf(op) === shapeOf(of.op) ? of.value : LENGTHS.has(op) ? 'P30D' : '';
  if (SEVERAL.has(op) && !of.values.length && of.value !== '' && !LENGTHS.has(of.op)) return { op, value, values: [of.value] };
  if (!SEVERAL.has(op) && value === '' && !LENGTHS.has(op) && of.values.length) return { op, value: of.values[0] ?? '' };
  return { op, value };
}

function Operand({ of, type, kind, field, edit }: { of: Comparison; type: AttributeType; kind: MemberKind | null; field: string; edit: Edit<Comparison> }): ReactNode {
  const { t } = useLingui();
  const [options, search] = useValues(kind, field);
  if (NO_VALUE.has(of.op)) return null;
  if (LENGTHS.has(of.op)) return <LengthInput label={t`Length of time`} value={String(of.value)} onChange={(value) => edit({ value })} />;
  if (of.op === 'BETWEEN') {
    const [lower = '', upper = ''] = of.values;
    return (
      <span className="between">
        <ValueInput label={t`From`} type={type} value={lower} options={[]} onSearch={() => undefined} onChange={(value) => edit({ values: [value, upper] })} />
        <span className="muted"><Trans>and</Trans></span>
        <ValueInput label={t`To`} type={type} value={upper} options={[]} onSearch={() => undefined} onChange={(value) => edit({ values: [lower, value] })} />
      </span>
    );
  }
  if (SEVERAL.has(of.op)) {
    return <ValuesInput label={t`Values`} type={type === 'STRING_LIST' ? 'STRING' : type} values={of.values} options={options} onSearch={search} onChange={(values) => edit({ values })} />;
  }
  return <ValueInput label={t`Value`} type={of.op === 'ON' ? 'DATE' : type} value={of.value} options={options} onSearch={search} onChange={(value) => edit({ value })} />;
}

function AttributeForm({ of, kind, base, edit, focus }: { of: Comparison; kind: MemberKind | null; base: number | null; edit: Edit<Comparison>; focus: boolean }): ReactNode {
  const { t } = useLingui();
  const fields = useFields(kind);
  const field = fields.find((one) => one.name === of.field);
  const options = fields.map((one) => ({ key: one.name, text: one.label, also: one.name, side: one.memberCount == null ? word(one.type) : `${word(one.type)} · ${count(one.memberCount)}` }));
  const unset = field?.memberCount != null && base != null ? base - field.memberCount : 0;
  const isNegative = ['NE', 'NOT_IN', 'NOT_CONTAINS', 'NOT_WITHIN_LAST', 'HAS_NONE'].includes(of.op);
  function choose(name: string): void {
    const next = fields.find((one) => one.name === name);
    if (!next || next.type === field?.type) return edit({ field: name });
    const op = next.operators.includes(of.op) ? of.op : (next.operators[0] ?? 'EQ');
    edit({ field: name, op, value: LENGTHS.has(op) ? 'P30D' : next.type === 'BOOLEAN' ? true : '', values: [] });
  }
  return (
    <div className="stack tight">
      <div className="condition-form">
        <Pick label={t`Field`} value={of.field} options={options} focus={focus} placeholder={t`Choose a field`} onChange={choose} />
        <Choice<AttributeOp> name={t`Operator`} value={of.op} options={worded(field?.operators ?? [of.op])} onChange={(op) => edit(withOperator(of, op))} />
        {of.field && <Operand of={of} type={field?.type ?? 'STRING'} kind={kind} field={of.field} edit={edit} />}
      </div>
      {field?.description && <p className="hint">{field.description}</p>}
      {isNegative && unset > 0 && <p className="hint"><Trans>{count(unset)} have no value here. They do not match.</Trans></p>}
    </div>
  );
}

// Events

function PeriodForm({ of, edit }: { of: Period; edit: (period: Period) => void }): ReactNode {
  const { t } = useLingui();
  const modes: (readonly [Period['mode'], string])[] = [['ever', t`at any time`], ['last', t`within the last`], ['between', t`between two days`]];
  return (
    <>
      <Choice<Period['mode']> name={t`When`} value={of.mode} options={modes} onChange={(mode) => edit({ ...of, mode })} />
      {of.mode === 'last' && <LengthInput label={t`Length of time`} value={of.last} onChange={(last) => edit({ ...of, last })} />}
      {of.mode === 'between' && (
        <span className="between">
          <ValueInput label={t`From`} type="DATETIME" value={of.from} options={[]} onSearch={() => undefined} onChange={(from) => edit({ ...of, from: String(from) })} />
          <span className="muted"><Trans>until before</Trans></span>
          <ValueInput label={t`To`} type="DATETIME" value={of.to} options={[]} onSearch={() => undefined} onChange={(to) => edit({ ...of, to: String(to) })} />
        </span>
      )}
    </>
  );
}

/** The type of a property is that of the value which it is compared with. */
type Compared = 'STRING' | 'NUMBER' | 'BOOLEAN' | 'DATETIME' | 'STRING_LIST';
const PROPERTY_OPS: Readonly<Record<Compared, readonly AttributeOp[]>> = {
  STRING: ['EQ', 'NE', 'IN', 'NOT_IN', 'CONTAINS', 'NOT_CONTAINS', 'STARTS_WITH', 'ENDS_WITH', 'IS_SET', 'IS_NOT_SET'],
  NUMBER: ['EQ', 'NE', 'GT', 'GTE', 'LT', 'LTE', 'BETWEEN', 'IN', 'NOT_IN', 'IS_SET', 'IS_NOT_SET'],
  BOOLEAN: ['EQ', 'NE', 'IS_SET', 'IS_NOT_SET'],
  DATETIME: ['BEFORE', 'AFTER', 'ON', 'WITHIN_LAST', 'NOT_WITHIN_LAST', 'WITHIN_NEXT', 'IS_SET', 'IS_NOT_SET'],
  STRING_LIST: ['HAS_ANY', 'HAS_ALL', 'HAS_NONE', 'IS_SET', 'IS_NOT_SET'],
};

function comparedAs(of: Comparison, property: string | undefined): Compared {
  if (of.op.startsWith('HAS_')) return 'STRING_LIST';
  if (LENGTHS.has(of.op) || ['BEFORE', 'AFTER', 'ON'].includes(of.op)) return 'DATETIME';
  const example = SEVERAL.has(of.op) || of.op === 'BETWEEN' ? of.values[0] : of.value;
  if (typeof example === 'number') return 'NUMBER';
  if (typeof example === 'boolean') return 'BOOLEAN';
  if (property === 'NUMBER' || property === 'BOOLEAN') return property;
  if (property === 'LIST' && !example) return 'STRING_LIST';
  return 'STRING';
}

function WhereForm({ of, event, edit, remove }: { of: Comparison; event: EventOfKind | undefined; edit: (next: Comparison) => void; remove: () => void }): ReactNode {
  const { t } = useLingui();
  const property = event?.properties.find((one) => one.name === of.field);
  const type = comparedAs(of, property?.type);
  const types = worded<Compared>(['STRING', 'NUMBER', 'BOOLEAN', 'DATETIME', 'STRING_LIST']);
  const examples = (property?.examples ?? []).map((one) => ({ key: one, text: one }));
  const as = (next: Compared): void => edit({ ...of, op: PROPERTY_OPS[next][0] ?? 'EQ', value: next === 'BOOLEAN' ? true : '', values: [] });
  const change: Edit<Comparison> = (some) => edit({ ...of, ...some });
  return (
    <div className="condition-form where">
      <Pick
        label={t`Property`} value={of.field} free placeholder={t`Property`}
        options={(event?.properties ?? []).map((one) => ({ key: one.name, text: one.name, side: `${word(one.type)} · ${count(one.count)}` }))}
        onChange={(field) => {
          const known = event?.properties.find((one) => one.name === field)?.type;
          const next: Compared = known === 'NUMBER' || known === 'BOOLEAN' ? known : known === 'LIST' ? 'STRING_LIST' : 'STRING';
          edit(known && next !== type ? { field, op: PROPERTY_OPS[next][0] ?? 'EQ', value: next === 'BOOLEAN' ? true : '', values: [] } : { ...of, field });
        }}
      />
      {!property && <Choice<Compared> name={t`Type of the property`} value={type} options={types} onChange={as} />}
      <Choice<AttributeOp>
        name={t`Operator`} value={of.op} options={worded(PROPERTY_OPS[type].includes(of.op) ? PROPERTY_OPS[type] : [of.op, ...PROPERTY_OPS[type]])}
        onChange={(op) => change(withOperator(of, op))}
      />
      {type === 'STRING' && !SEVERAL.has(of.op) && !NO_VALUE.has(of.op) && !LENGTHS.has(of.op)
        ? <Pick label={t`Value`} value={String(of.value)} options={examples} free placeholder={t`Value`} onChange={(value) => change({ value })} />
        : type === 'STRING' && SEVERAL.has(of.op)
          ? <ValuesInput label={t`Values`} type="STRING" values={of.values} options={examples} onSearch={() => undefined} onChange={(values) => change({ values })} />
          : <Operand of={of} type={type} kind={null} field="" edit={change} />}
      <button type="button" className="button plain icon" aria-label={t`Remove this condition on the event`} onClick={remove}><Icon name="close" /></button>
    </div>
  );
}

function HappeningForm({ of, kind, edit, focus }: { of: Happening; kind: MemberKind; edit: Edit<Happening>; focus: boolean }): ReactNode {
  const { t } = useLingui();
  const events = useEventsOf(kind);
  const event = events.find((one) => one.name === of.name);
  const put = (where: readonly Comparison[]): void => edit({ where });
  return (
    <>
      <div className="condition-form">
        <Pick
          label={t`Event`} value={of.name} free focus={focus} placeholder={t`Choose an event`} onChange={(name) => edit({ name })}
          options={events.map((one) => ({ key: one.name, text: one.name, side: count(one.count) }))}
        />
        <PeriodForm of={of.within} edit={(within) => edit({ within })} />
      </div>
      {of.where.map((one, index) => (
        <WhereForm key={index} of={one} event={event} edit={(next) => put(of.where.with(index, next))} remove={() => put(of.where.toSpliced(index, 1))} />
      ))}
      <div><button type="button" className="button small plain" onClick={() => put([...of.where, someComparison()])}><Icon name="plus" /><Trans>Where a property…</Trans></button></div>
    </>
  );
}

function EventForm({ of, kind, edit, focus }: { of: Happened; kind: MemberKind; edit: Edit<Happened>; focus: boolean }): ReactNode {
  const { t } = useLingui();
  const event = useEventsOf(kind).find((one) => one.name === of.name);
  const ops = isTime(of.aggregate) ? TIME_OPS : NUMBER_OPS;
  const type: AttributeType = isTime(of.aggregate) ? 'DATETIME' : 'NUMBER';
  function aggregate(next: EventAggregate): void {
    if (isTime(next) === isTime(of.aggregate)) return edit({ aggregate: next });
    edit(isTime(next) ? { aggregate: next, op: 'WITHIN_LAST', value: 'P30D', upper: '' } : { aggregate: next, op: 'GTE', value: 1, upper: '' });
  }
  function operator(op: CompareOp): void {
    const value = shapeOf(op) === shapeOf(of.op) ? of.value : LENGTHS.has(op) ? 'P30D' : '';
    edit({ op, value });
  }
  const value = (label: string, of_: Scalar, change: (next: Scalar) => void): ReactNode =>
    <ValueInput label={label} type={type} value={of_} options={[]} onSearch={() => undefined} onChange={change} />;
  return (
    <div className="stack tight">
      <HappeningForm of={of} kind={kind} edit={edit} focus={focus} />
      <div className="condition-form">
        <Choice<EventAggregate> name={t`What is compared`} value={of.aggregate} options={worded(AGGREGATES)} onChange={aggregate} />
        {takesProperty(of.aggregate) && (
          <Pick
            label={t`Of the property`} value={of.of} free placeholder={t`of the event's value`} onChange={(property) => edit({ of: property })}
            options={(event?.properties ?? []).filter((one) => one.type === 'NUMBER').map((one) => ({ key: one.name, text: one.name, side: count(one.count) }))}
          />
        )}
        <Choice<CompareOp> name={t`Operator`} value={of.op} options={worded(ops.includes(of.op) ? ops : [of.op, ...ops])} onChange={operator} />
        {LENGTHS.has(of.op)
          ? <LengthInput label={t`Length of time`} value={String(of.value)} onChange={(next) => edit({ value: next })} />
          : of.op === 'BETWEEN'
            ? <span className="between">{value(t`From`, of.value, (next) => edit({ value: next }))}<span className="muted"><Trans>and</Trans></span>{value(t`To`, of.upper, (upper) => edit({ upper }))}</span>
            : value(t`Value`, of.value, (next) => edit({ value: next }))}
      </div>
    </div>
  );
}

function SegmentForm({ of, kind, edit, focus }: { of: { op: 'IN' | 'NOT_IN'; segment: string }; kind: MemberKind; edit: (change: { op?: 'IN' | 'NOT_IN'; segment?: string }) => void; focus: boolean }): ReactNode {
  const { t } = useLingui();
  const [search, setSearch] = useState('');
  const settled = useSettled(search, 150);
  const [{ data }] = useQuery({ query: SegmentNamesDocument, variables: { kind, search: settled || null } });
  const [{ data: chosen }] = useQuery({ query: SegmentNameDocument, variables: { id: of.segment }, pause: !of.segment, requestPolicy: 'cache-first' });
  const options = (data?.segments.nodes ?? []).map((one) => ({ key: one.id, text: one.name, side: `${word(one.type)} · ${count(one.memberCount)}` }));
  const present = chosen?.segment;
  if (present && !options.some((one) => one.key === present.id)) options.unshift({ key: present.id, text: present.name, side: count(present.memberCount) });
  return (
    <div className="stack tight">
      <div className="condition-form">
        <Choice<'IN' | 'NOT_IN'> name={t`Operator`} value={of.op} options={[['IN', t`is in`], ['NOT_IN', t`is not in`]]} onChange={(op) => edit({ op })} />
        <Pick label={t`Segment or list`} value={of.segment} options={options} onSearch={setSearch} focus={focus} placeholder={t`Choose a segment or list`} onChange={(segment) => edit({ segment })} />
      </div>
      {of.segment && chosen && !present && <p className="wrong"><Trans>This segment is gone, or you may not see it. Choose another.</Trans></p>}
    </div>
  );
}

export function RelatedForm({ of, kind, edit, focus }: { of: Related; kind: MemberKind | null; edit: Edit<Related>; focus: boolean }): ReactNode {
  const { t } = useLingui();
  const relations = useRelations(kind);
  const known = relations.map((one) => [one.name, `${one.name} (${word(one.kind)})`] as const);
  const options = of.relation && !known.some(([name]) => name === of.relation) ? [[of.relation, of.relation] as const, ...known] : known;
  return (
    <div className="condition-form">
      <select aria-label={t`Relation`} value={of.relation} autoFocus={focus} onChange={(event) => edit({ relation: event.target.value })}>
        {!of.relation && <option value="">{t`Choose a relation`}</option>}
        {options.map(([name, text]) => <option key={name} value={name}>{text}</option>)}
      </select>
      <Choice<CompareOp> name={t`Operator`} value={of.op} options={worded(RELATED_OPS)} onChange={(op) => edit({ op })} />
      <input type="number" min={0} step={1} aria-label={t`How many`} value={of.count} onChange={(event) => edit({ count: event.target.value === '' ? '' : Number(event.target.value) })} />
    </div>
  );
}

export function LeafForm({ of, kind, base, edit, focus }: { of: Leaf; kind: MemberKind | null; base: number | null; edit: (change: object) => void; focus: boolean }): ReactNode {
  const { t } = useLingui();
  const [tags, searchTags] = useValues(of.type === 'tags' ? kind : null, 'tags');
  switch (of.type) {
    case 'attribute': return <AttributeForm of={of} kind={kind} base={base} edit={edit} focus={focus} />;
    case 'tags': return (
      <div className="condition-form">
        <Choice<SetOp> name={t`Operator`} value={of.op} options={worded(SET_OPS)} onChange={(op) => edit({ op })} />
        <ValuesInput label={t`Tags`} type="STRING" values={of.values} options={tags} onSearch={searchTags} onChange={(values) => edit({ values })} />
      </div>
    );
    case 'consent': return (
      <div className="condition-form">
        <Choice<Channel> name={t`Channel`} value={of.channel} options={worded(CHANNELS)} onChange={(channel) => edit({ channel })} />
        <Choice<ConsentState> name={t`Consent`} value={of.state} options={worded(STATES)} onChange={(state) => edit({ state })} />
      </div>
    );
    case 'sample': return (
      <div className="condition-form">
        <input aria-label={t`Percent`} inputMode="decimal" value={of.percent} onChange={(event) => edit({ percent: numberIn(event.target.value.trim()) })} />
        <input aria-label={t`Seed`} placeholder={t`Seed: another text gives other members`} maxLength={200} value={of.seed} onChange={(event) => edit({ seed: event.target.value })} />
      </div>
    );
    case 'other': return <p className="hint"><Trans>This part can be edited in the text form.</Trans></p>;
    default:
  }
  if (!kind) return <p className="hint"><Trans>Choose the relation first.</Trans></p>;
  switch (of.type) {
    case 'event': return <EventForm of={of} kind={kind} edit={edit} focus={focus} />;
    case 'segment': return <SegmentForm of={of} kind={kind} edit={edit} focus={focus} />;
    case 'sequence': return (
      <div className="stack tight">
        {of.steps.map((step, index) => (
          <div key={index} className="step-form">
            <span className="badge accent">{index + 1}</span>
            <div className="stack tight">
              <HappeningForm of={step} kind={kind} focus={focus && index === 0} edit={(change) => edit({ steps: of.steps.with(index, { ...step, ...change }) })} />
            </div>
            <button type="button" className="button plain icon" disabled={of.steps.length < 3} aria-label={t`Remove step ${index + 1}`} onClick={() => edit({ steps: of.steps.toSpliced(index, 1) })}><Icon name="close" /></button>
          </div>
        ))}
        <div className="row">
          <button type="button" className="button small" disabled={of.steps.length >= 10} onClick={() => edit({ steps: [...of.steps, someEvent()] })}><Icon name="plus" /><Trans>Then another event</Trans></button>
          <span className="muted"><Trans>all within</Trans></span>
          <LengthInput label={t`From the first to the last`} value={of.within} optional onChange={(within) => edit({ within })} />
        </div>
      </div>
    );
  }
}

// A condition in words

function lengthText(value: Scalar): string {
  const [, number = '', unit = ''] = /^PT?(\d+)([DWMYH])$/.exec(String(value)) ?? [];
  const n = Number(number);
  if (!number || String(value) === `PT${n}M`) return String(value);
  return {
    D: plural(n, { one: '# day', other: '# days' }), W: plural(n, { one: '# week', other: '# weeks' }), M: plural(n, { one: '# month', other: '# months' }),
    Y: plural(n, { one: '# year', other: '# years' }), H: plural(n, { one: '# hour', other: '# hours' }),
  }[unit] ?? String(value);
}

const shown = (value: Scalar): string => (value === true ? t`yes` : value === false ? t`no` : typeof value === 'number' ? count(value) : value === '' ? '…' : value);

function operandText({ op, value, values }: Pick_<Comparison>): string {
  if (NO_VALUE.has(op)) return '';
  if (LENGTHS.has(op)) return lengthText(value);
  if (op === 'BETWEEN') return t`${shown(values[0] ?? '')} and ${shown(values[1] ?? '')}`;
  if (!SEVERAL.has(op)) return shown(value);
  const some = values.slice(0, 4).map(shown).join(', ');
  return values.length > 4 ? t`${some} and ${values.length - 4} more` : some || '…';
}
type Pick_<T extends Comparison> = Omit<T, 'field'>;

function periodText({ mode, last, from, to }: Period): string {
  if (mode === 'ever') return '';
  if (mode === 'last') return t`within the last ${lengthText(last)}`;
  return [from && t`from ${from}`, to && t`until before ${to}`].filter(Boolean).join(' ');
}

function happeningText({ name, within, where }: Happening): string {
  const conditions = where.map((one) => `${one.field || '…'} ${word(one.op)} ${operandText(one)}`.trim()).join(', ');
  return [name || '…', periodText(within), conditions && `(${conditions})`].filter(Boolean).join(' ');
}

export function wordsOf(node: Node, fields: readonly FieldOfKind[], segmentName: string | null): { what: string; how: string } {
  switch (node.type) {
    case 'attribute': return { what: fields.find((one) => one.name === node.field)?.label ?? (node.field || t`Field`), how: `${word(node.op)} ${operandText(node)}`.trim() };
    case 'tags': return { what: t`Tags`, how: `${word(node.op)} ${node.values.slice(0, 4).join(', ') || '…'}` };
    case 'consent': return { what: t`Consent: ${word(node.channel)}`, how: word(node.state) };
    case 'segment': return { what: node.op === 'IN' ? t`Is in` : t`Is not in`, how: segmentName ?? '…' };
    case 'sample': return { what: t`Sample`, how: `${node.percent} %${node.seed ? ` (${node.seed})` : ''}` };
    case 'sequence': return { what: t`Sequence`, how: node.steps.map(happeningText).join(' → ') + (node.within ? `, ${t`all within`} ${lengthText(node.within)}` : '') };
    case 'event': {
      const compared = node.op === 'BETWEEN' ? t`${shown(node.value)} and ${shown(node.upper)}` : LENGTHS.has(node.op) ? lengthText(node.value) : shown(node.value);
      const of = takesProperty(node.aggregate) && node.of ? ` ${t`of ${node.of}`}` : '';
      return { what: t`Event ${happeningText(node)}`, how: `${word(node.aggregate)}${of} ${word(node.op)} ${compared}` };
    }
    case 'related': return { what: t`Related: ${node.relation || '…'}`, how: `${word(node.op)} ${node.count}` };
    case 'group': return { what: t`Group`, how: '' };
    case 'other': {
      const [type] = Object.keys((node.json ?? {}) as object);
      return { what: type === 'all' ? t`Everybody` : type === 'any' ? t`Nobody` : t`Other condition`, how: '' };
    }
  }
}

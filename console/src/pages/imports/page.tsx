// One import: its columns and where they go, a trial, the import itself, and an account of every row.
import './imports.css';

import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { i18n } from '@lingui/core';
import { useEffect, useState, type ReactNode } from 'react';
import { useClient, useQuery, useSubscription } from 'urql';
import { Link } from 'wouter';

import { useAct } from '../../api/acts';
import { useLiveEvents } from '../../api/events';
import { MemberFieldsDocument } from '../../api/members';
import { mayWrite, useViewer } from '../../api/viewer';
import { count, moment, NOTHING, percent } from '../../format';
import { graphql } from '../../gql';
import type { AttributeType, Channel, ColumnReading, ImportDetailQuery, SuppressionReason } from '../../gql/graphql';
import { ChoiceField, TextField, useTitle } from '../../ui/editing';
import { Icon } from '../../ui/icon';
import { Card, Confirm, Empty, Failed, Figure, Loading, PageHead, Problems, Status } from '../../ui/parts';
import { word } from '../../words';
import { show } from '../members/values';
import { fieldText, needsOf, placesFor, prefixOf, rowsOfCsv, type Place } from './fields';
import { Open, Samples, type Ambiguity, type Reading } from './reading';

export const ImportState = graphql(`
  fragment ImportState on Import {
    id
    status
    dryRun
    progress
    read
    added
    updated
    alreadyIn
    duplicate
    ignored
    failed
    partial
    merged
    removed
    pending
    related
    relatedNotFound
    relatedAmbiguous
    startedAt
    finishedAt
    rejectedUrl
    error {
      code
      message
      at
    }
    mapping {
      column
      field
    }
  }
`);

const DetailDocument = graphql(`
  query ImportDetail($id: ID!) {
    import(id: $id) {
      ...ImportState
      kind
      content
      eventName
      relation
      channel
      reason
      fileName
      encoding
      delimiter
      hasHeader
      skipLines
      replace
      remove
      createMissing
      onlyTargets
      activate
      wholeRows
      createdAt
      segment {
        id
        name
        status
      }
      suggestedMapping {
        column
        field
        confidence
      }
      suggestedRelations {
        column
        field
        confidence
      }
      columns {
        name
        samples
        detectedType
        confidence
        reading
        interpreted
        ambiguities {
          setting
          options
          message
        }
      }
    }
  }
`);

const InterpretedDocument = graphql(`
  query InterpretedColumn($id: ID!, $field: String, $reading: ColumnReading) {
    import(id: $id) {
      id
      columns {
        name
        shown: interpreted(field: $field, reading: $reading)
      }
    }
  }
`);

const StartDocument = graphql(`
  mutation StartImport($input: StartImportInput!) {
    startImport(input: $input) {
      import {
        ...ImportState
      }
      errors {
        ...Wrong
      }
    }
  }
`);

const CancelDocument = graphql(`
  mutation CancelImport($input: ImportIdInput!) {
    cancelImport(input: $input) {
      import {
        ...ImportState
      }
      errors {
        ...Wrong
      }
    }
  }
`);

const ProgressDocument = graphql(`
  subscription ImportProgress($id: ID!) {
    importEvents(importId: $id) {
      ...ImportState
    }
  }
`);

type Detail = NonNullable<ImportDetailQuery['import']>;

export default function ImportPage({ id }: { id: string }): ReactNode {
  const { t } = useLingui();
  const [{ data, error, fetching }, again] = useQuery({ query: DetailDocument, variables: { id } });
  const found = data?.import;
  const isRunning = found?.status === 'RUNNING';
  useSubscription({ query: ProgressDocument, variables: { id }, pause: !isRunning });
  useLiveEvents(['IMPORT_FINISHED'], () => again({ requestPolicy: 'network-only' }));
  useTitle(found?.fileName ?? t`Import`);
  if (!found) {
    if (error) return <Failed error={error} again={() => again({ requestPolicy: 'network-only' })} />;
    return fetching ? <Loading /> : <Empty title={<Trans>There is no such import</Trans>}><p><Trans>Files that nobody starts are deleted after some days.</Trans></p><Link href="/imports" className="button"><Trans>Import a file</Trans></Link></Empty>;
  }
  return <Shown key={found.id} found={found} />;
}

function Shown({ found }: { found: Detail }): ReactNode {
  const viewer = useViewer();
  const { act, busy, problems } = useAct();
  const [asked, setAsked] = useState(false);
  const isOpen = found.status === 'UPLOADED' || (found.status === 'COMPLETED' && found.dryRun);
  const isReady = found.status === 'COMPLETED' || found.status === 'FAILED' || found.status === 'CANCELLED';
  return (
    <>
      <PageHead
        title={found.fileName}
        below={(
          <div className="row">
            <Status of={found.status} />{found.dryRun && found.status !== 'UPLOADED' && <span className="badge accent"><Trans>trial, nothing is stored</Trans></span>}
            <span className="badge">{word(found.content)}</span>{found.content !== 'SUPPRESSIONS' && <span className="badge">{word(found.kind)}</span>}
            {found.segment && <span>{found.remove ? <Trans>out of</Trans> : <Trans>into</Trans>} <Link href={`/segments/${found.segment.id}`}>{found.segment.name}</Link></span>}
            <span className="small"><Trans>uploaded {moment(found.createdAt)}</Trans></span>
          </div>
        )}
      >
        {(found.status === 'RUNNING' || found.status === 'UPLOADED') && mayWrite(viewer) && <button type="button" className="button" onClick={() => setAsked(true)}>{found.status === 'RUNNING' ? <Trans>Stop</Trans> : <Trans>Discard the file</Trans>}</button>}
        <Link href="/imports" className="button"><Trans>All imports</Trans></Link>
      </PageHead>
      {found.error && <div className="note bad" role="alert"><Icon name="warning" /><div><p>{found.error.message}</p>{found.status === 'FAILED' && <p><Trans>Put the file right and upload it again. What the account below counts is stored.</Trans></p>}</div></div>}
      {found.status === 'RUNNING' && <Running found={found} />}
      {isReady && <Account found={found} />}
      {(isOpen || found.status === 'RUNNING') && mayWrite(viewer) && <div hidden={found.status === 'RUNNING'}><Mapping found={found} /></div>}
      {!isOpen && found.status !== 'RUNNING' && <WhatWasMapped found={found} />}
      {asked && (
        <Confirm
          title={found.status === 'RUNNING' ? <Trans>Stop this import</Trans> : <Trans>Discard the file</Trans>} action={found.status === 'RUNNING' ? <Trans>Stop</Trans> : <Trans>Discard</Trans>} danger problems={problems} onClose={() => setAsked(false)}
          onConfirm={async () => Boolean(!busy && (await act(CancelDocument, { input: { id: found.id } })))}
        >
          <p>{found.status === 'RUNNING' && !found.dryRun ? <Trans>Rows that are stored stay stored, and the account says which. The rest is not read.</Trans> : <Trans>Nothing of it is stored.</Trans>}</p>
        </Confirm>
      )}
    </>
  );
}

function Running({ found }: { found: Detail }): ReactNode {
  const { t } = useLingui();
  return (
    <Card title={found.dryRun ? <Trans>The trial is running</Trans> : <Trans>The file is being imported</Trans>}>
      <div className="stack" aria-live="polite">
        <div className="bar" role="progressbar" aria-label={t`Progress`} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round((found.progress ?? 0) * 100)} style={{ height: 10 }}><i style={{ width: `${(found.progress ?? 0) * 100}%` }} /></div>
        <p><Plural value={found.read} one="# row" other="# rows" /> · {percent(found.progress)}</p>
      </div>
    </Card>
  );
}

/** What became of every row. */
function Account({ found }: { found: Detail }): ReactNode {
  const { t } = useLingui();
  const isInto = Boolean(found.segment);
  const parts = [
    { key: 'added', n: found.added, tone: 'good', text: found.content === 'MEMBERS' ? isInto ? t`added to the segment` : t`new` : t`new` },
    { key: 'updated', n: found.updated, tone: 'good', text: t`changed` },
    { key: 'removed', n: found.removed, tone: 'good', text: t`removed` },
    { key: 'merged', n: found.merged, tone: 'good', text: t`further lines of orders` },
    { key: 'alreadyIn', n: found.alreadyIn, tone: 'same', text: t`there already` },
    { key: 'pending', n: found.pending, tone: 'same', text: t`wait for their member` },
    { key: 'duplicate', n: found.duplicate, tone: 'warn', text: t`twice in the file` },
    { key: 'ignored', n: found.ignored, tone: 'warn', text: t`left out` },
    { key: 'failed', n: found.failed, tone: 'bad', text: t`with a mistake` },
  ].filter((part) => part.n > 0 || ['added', 'failed'].includes(part.key));
  const whole = found.read || 1;
  return (
    <Card title={found.dryRun ? <Trans>What would happen to each row</Trans> : <Trans>What became of each row</Trans>} side={<span className="muted small"><Plural value={found.read} one="# row" other="# rows" /></span>}>
      <div className="stack">
        <div className="account" role="img" aria-label={parts.map((part) => `${part.text}: ${part.n}`).join(', ')}>{parts.map((part) => part.n > 0 && <i key={part.key} className={part.tone} style={{ width: `${(100 * part.n) / whole}%` }} />)}</div>
        <div className="figures small-figures">{parts.map((part) => <Figure key={part.key} label={part.text}>{count(part.n)}</Figure>)}</div>
        {found.partial > 0 && <p><Plural value={found.partial} one="# of the stored rows lacks a value that is not acceptable." other="# of the stored rows lack values that are not acceptable." /></p>}
        {found.related + found.relatedNotFound + found.relatedAmbiguous > 0 && <p><Trans>Relations made: {count(found.related)}; not found: {count(found.relatedNotFound)}; several have the name: {count(found.relatedAmbiguous)}.</Trans></p>}
        {found.rejectedUrl ? <Rejects key={`${found.rejectedUrl}${found.finishedAt}`} url={found.rejectedUrl} /> : found.status === 'COMPLETED' && found.failed + found.duplicate + found.ignored + found.partial === 0 && <p className="note good"><span><Trans>No row was rejected.</Trans></span></p>}
        {!found.dryRun && found.segment && found.status === 'COMPLETED' && <p><Link href={`/segments/${found.segment.id}/members`} className="button">{t`See the members of ${found.segment.name}`}</Link></p>}
      </div>
    </Card>
  );
}

const SHOWN = 200;

/** The rejected rows: read here, and to download. */
function Rejects({ url }: { url: string }): ReactNode {
  const { t } = useLingui();
  const [rows, setRows] = useState<readonly string[][] | null>(null);
  const [isOver, setOver] = useState(false);
  const [isMissing, setMissing] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    // The rows that are shown fit into the first part of the file: the rest is not loaded.
    async function read(): Promise<void> {
      const answer = await fetch(url, { signal: stop.signal });
      const reader = answer.ok ? answer.body?.getReader() : undefined;
      if (!reader) return setMissing(true);
      const decoder = new TextDecoder();
      let text = '';
      let isDone = false;
      while (!isDone && text.length < 400_000) {
        const { done, value } = await reader.read();
        isDone = done;
        text += decoder.decode(value, { stream: !done });
      }
      if (!isDone) await reader.cancel();
      const found = rowsOfCsv(text.replace(/^\ufeff/, ''), SHOWN + 2);
      setOver(!isDone || found.length > SHOWN + 1);
      setRows(found.slice(0, SHOWN + 1));
    }
    read().catch(() => { if (!stop.signal.aborted) setMissing(true); });
    return () => stop.abort();
  }, [url]);
  const [head, ...body] = rows ?? [];
  const reason = head?.indexOf('reason') ?? -1;
  const outcomes: Readonly<Record<string, string>> = { PARTIAL: t`stored in part`, DUPLICATE: t`twice in the file`, IGNORED: t`left out`, FAILED: t`with a mistake` };
  return (
    <section className="stack tight">
      <div className="row apart">
        <h3><Trans>Rejected rows, and rows without a value</Trans></h3>
        <a className="button small" href={url} download=""><Icon name="download" /><Trans>Download them as CSV</Trans></a>
      </div>
      <p className="muted small"><Trans>Put them right in the downloaded file and import it. Skip its first four columns then.</Trans></p>
      {isMissing && <p className="note warn"><Trans>The rows cannot be shown here. The download may still work; it is valid for one hour.</Trans></p>}
      {!rows && !isMissing && <Loading rows={3} />}
      {head && (
        <div className="rejects" tabIndex={0} role="group" aria-label={t`Rejected rows`}>
          <table>
            <thead><tr>{head.map((cell, index) => <th key={index}>{index < 4 ? ({ line: t`Line`, outcome: t`Outcome`, code: t`Code`, reason: t`Reason` }[cell] ?? cell) : cell}</th>)}</tr></thead>
            <tbody>{body.map((row, index) => <tr key={index}>{row.map((cell, place) => <td key={place} className={place === reason ? 'reason' : ''} title={cell}>{head[place] === 'outcome' && place < 4 ? (outcomes[cell] ?? cell) : cell}</td>)}</tr>)}</tbody>
          </table>
        </div>
      )}
      {isOver && <p className="muted small"><Trans>The first {SHOWN} are shown. The download has all.</Trans></p>}
    </section>
  );
}

function WhatWasMapped({ found }: { found: Detail }): ReactNode {
  if (!found.mapping?.length) return null;
  return (
    <Card title={<Trans>Where the columns went</Trans>} bare>
      <ul className="plain-list">{found.mapping.map((pair) => <li key={pair.column + pair.field}><span className="grow">{pair.column}</span><span>→ {fieldText(pair.field)} <code className="muted">{pair.field}</code></span></li>)}</ul>
    </Card>
  );
}

const OWN = '+';

function Mapping({ found }: { found: Detail }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems } = useAct();
  const [{ data: known }] = useQuery({ query: MemberFieldsDocument, variables: { kind: found.kind } });
  const isRelation = (field: string): boolean => field.startsWith('relations.');
  const start = found.mapping ?? found.suggestedMapping;
  const [targets, setTargets] = useState<Readonly<Record<string, string>>>(() => Object.fromEntries(start.filter((pair) => !isRelation(pair.field)).map((pair) => [pair.column, pair.field])));
  const [relations, setRelations] = useState<ReadonlySet<string>>(() => new Set((found.mapping ?? []).filter((pair) => isRelation(pair.field)).map((pair) => `${pair.column}\0${pair.field}`)));
  const [readings, setReadings] = useState<Readonly<Record<string, Reading>>>({});
  const [eventName, setEventName] = useState(found.eventName ?? '');
  const [relation, setRelation] = useState(found.relation ?? '');
  const [channel, setChannel] = useState<Channel | ''>(found.channel ?? '');
  const [reason, setReason] = useState<SuppressionReason>(found.reason ?? 'MANUAL');
  const [createMissing, setCreateMissing] = useState(found.createMissing);
  const [onlyTargets, setOnlyTargets] = useState<'' | 'yes' | 'no'>('');
  const [activate, setActivate] = useState(found.activate);
  const [wholeRows, setWholeRows] = useState(found.wholeRows);

  const places = placesFor(found.content, found.kind);
  const prefix = prefixOf(found.content);
  const own = found.content === 'MEMBERS' ? (known?.criteriaFields ?? []).filter((field) => field.isCustom).map((field) => field.name) : [];
  const fields = new Set(Object.values(targets).filter(Boolean));
  const needs = needsOf(found.content, found.kind, fields, { eventName, relation });
  const stillOpen = (column: Detail['columns'][number]): Ambiguity[] => (targets[column.name] ? column.ambiguities.filter((one) => !isAnswered(one, readings[column.name])) : []);
  const open = found.columns.filter((column) => stillOpen(column).length);
  const looksLikeAds = found.content === 'MEMBERS' && ['impr', 'click|klick', 'cost|spend|spent|kosten|ausgegeben'].filter((part) => found.columns.some((column) => new RegExp(part, 'i').test(column.name))).length >= 2;
  const confidenceOf = (column: string): number | null => {
    const suggested = found.suggestedMapping.find((pair) => pair.column === column);
    return suggested && suggested.field === targets[column] ? suggested.confidence : null;
  };

  async function begin(dryRun: boolean): Promise<void> {
    const mapping = [
      ...found.columns.flatMap((column) => (targets[column.name] ? [{ column: column.name, field: targets[column.name] ?? '' }] : [])),
      ...[...relations].map((key) => { const [column = '', field = ''] = key.split('\0'); return { column, field }; }),
    ];
    const columns = Object.entries(readings).map(([column, reading]): ColumnReading => ({ column, ...reading }));
    await act(StartDocument, {
      input: {
        id: found.id, mapping, dryRun, createMissing, wholeRows, activate, ...(columns.length && { columns }), ...(onlyTargets && { onlyTargets: onlyTargets === 'yes' }),
        ...(found.content === 'EVENTS' && eventName.trim() && { eventName: eventName.trim() }), ...(found.content === 'RELATIONS' && relation.trim() && { relation: relation.trim() }),
        ...(found.content === 'SUPPRESSIONS' && { channel: channel || null, reason }),
      },
    });
    scrollTo({ top: 0 });
  }

  const buttons = (
    <div className="row">
      <button type="button" className="button" disabled={busy} onClick={() => void begin(true)}><Trans>Try it: nothing is stored</Trans></button>
      <button type="button" className="button primary" disabled={busy} onClick={() => void begin(false)}><Trans>Import</Trans></button>
    </div>
  );
  return (
    <div className="stack">
      <Problems of={problems} />
      {looksLikeAds && <div className="note warn"><div><p><Trans>These look like columns of a report of ads, with costs and clicks of campaigns.</Trans></p><p><Link href="/imports/report" className="button small"><Trans>Import it as a report of ads</Trans></Link></p></div></div>}
      <div className="two">
        <Card title={<Trans>Columns and where they go</Trans>} side={<span className="muted small">{found.encoding}, {found.hasHeader ? <Trans>with names in the first row</Trans> : <Trans>without names</Trans>}{found.skipLines > 0 && <>, <Plural value={found.skipLines} one="# line before the table" other="# lines before the table" /></>}</span>} bare>
          <div className="scroll" tabIndex={0} role="group" aria-label={t`Columns and where they go`}>
            <table className="mapping">
              <thead><tr><th><Trans>Column</Trans></th><th><Trans>Goes to</Trans></th><th><Trans>Samples: in the file → as stored</Trans></th></tr></thead>
              <tbody>
                {found.columns.map((column) => (
                  <tr key={column.name} data-open={stillOpen(column).length ? '' : undefined}>
                    <td className="column">{column.name}</td>
                    <td>
                      <div className="target">
                        <Target
                          column={column.name} places={places} own={own} prefix={prefix} taken={fields} value={targets[column.name] ?? ''} confidence={confidenceOf(column.name)}
                          onChange={(field) => setTargets({ ...targets, [column.name]: field })}
                        />
                        {found.suggestedRelations.filter((pair) => pair.column === column.name).map((pair) => {
                          const key = `${pair.column}\0${pair.field}`;
                          return (
                            <label key={key} className="check small">
                              <input type="checkbox" checked={relations.has(key)} onChange={(event) => { const next = new Set(relations); if (event.target.checked) next.add(key); else next.delete(key); setRelations(next); }} />
                              <Trans>also relate to {fieldText(pair.field.replace('relations.', ''))}</Trans>
                            </label>
                          );
                        })}
                        {targets[column.name] && (
                          <Open
                            column={column.name} field={targets[column.name] ?? ''} type={column.detectedType as AttributeType} known={column.reading as Reading} ambiguities={column.ambiguities} value={readings[column.name] ?? {}}
                            onChange={(reading) => setReadings({ ...readings, [column.name]: reading })}
                          />
                        )}
                      </div>
                    </td>
                    <td className="samples"><ShownSamples id={found.id} column={column} field={targets[column.name] ?? ''} reading={readings[column.name]} isSuggested={confidenceOf(column.name) !== null} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Card>
        <div className="sticky">
          <Card title={<Trans>What it needs</Trans>}>
            <div className="stack">
              <ul className="needs">
                {needs.map((need, index) => <li key={index}><span className={`badge ${need.isMet ? 'good' : 'bad'}`}>{need.isMet ? '✓' : '✗'}<span className="hidden-text">{need.isMet ? t`there` : t`missing`}</span></span><span>{i18n._(need.text)}</span></li>)}
                <li><span className={`badge ${open.length ? 'bad' : 'good'}`}>{open.length ? '✗' : '✓'}<span className="hidden-text">{open.length ? t`open` : t`clear`}</span></span><span>{open.length ? <Trans>Open questions, in: {open.map((column) => column.name).join(', ')}</Trans> : <Trans>How each column is to be read</Trans>}</span></li>
              </ul>
              {found.content === 'EVENTS' && !fields.has('name') && <TextField label={t`Name of all events`} value={eventName} onChange={setEventName} problems={problems} name="eventName" />}
              {found.content === 'RELATIONS' && !fields.has('relation') && <TextField label={t`Relation of all rows`} hint={t`As the first member calls it, such as account`} value={relation} onChange={setRelation} problems={problems} name="relation" />}
              {found.content === 'SUPPRESSIONS' && (
                <>
                  <ChoiceField label={t`Channel of rows without one`} value={channel} options={[['', t`Each that uses the address`], ...(['EMAIL', 'DIRECT_MAIL', 'SMS', 'PHONE'] as const).map((one) => [one, word(one)] as const)]} onChange={setChannel} />
                  <ChoiceField label={t`Reason of rows without one`} value={reason} options={(['MANUAL', 'UNSUBSCRIBE', 'BOUNCE', 'COMPLAINT'] as const).map((one) => [one, word(one)] as const)} onChange={setReason} />
                </>
              )}
              {(found.content === 'MEMBERS' || found.content === 'RELATIONS') && !found.remove && <label className="check small"><input type="checkbox" checked={createMissing} onChange={(event) => setCreateMissing(event.target.checked)} />{found.content === 'MEMBERS' ? <Trans>Create members that do not exist</Trans> : <Trans>Let rows wait for members that do not exist</Trans>}</label>}
              {found.content === 'MEMBERS' && found.segment && <ChoiceField label={t`Members that are no targets`} value={onlyTargets} options={[['', found.kind === 'ACCOUNT' ? t`are left out (the usual for accounts)` : t`come in (the usual)`], ['yes', t`are left out`], ['no', t`come in`]]} onChange={setOnlyTargets} />}
              {found.segment?.status === 'DRAFT' && !found.remove && <label className="check small"><input type="checkbox" checked={activate} onChange={(event) => setActivate(event.target.checked)} /><Trans>Activate the segment at the end</Trans></label>}
              <label className="check small"><input type="checkbox" checked={wholeRows} onChange={(event) => setWholeRows(event.target.checked)} /><Trans>Reject a whole row for one bad value</Trans></label>
              {buttons}
            </div>
          </Card>
        </div>
      </div>
    </div>
  );
}

const isAnswered = (one: Ambiguity, reading: Reading | undefined): boolean =>
  one.setting === 'words' ? one.options.every((option) => reading?.words && option in reading.words) : Boolean(reading?.[one.setting as keyof Reading]);

/** Where one column goes. Attributes and properties that do not exist yet are named here. */
function Target({ column, places, own, prefix, taken, value, confidence, onChange }: {
  column: string; places: readonly Place[]; own: readonly string[]; prefix: string | null; taken: ReadonlySet<string>; value: string; confidence: number | null; onChange: (field: string) => void;
}): ReactNode {
  const { t } = useLingui();
  const isKnown = !value || places.some((place) => place.field === value) || own.includes(value);
  const [isNaming, setNaming] = useState(false);
  const titles = { keys: t`Whose row it is`, fields: t`Fields`, addresses: t`Other addresses`, consents: t`Consents`, attributes: t`Attributes` };
  const free = !isKnown || isNaming;
  return (
    <>
      <span className="row" style={{ flexWrap: 'nowrap' }}>
        <select
          aria-label={t`${column} goes to`} value={free ? OWN : value}
          onChange={(event) => {
            const next = event.target.value;
            setNaming(next === OWN);
            onChange(next === OWN ? (prefix === 'attributes.' ? column : `${prefix}${column}`) : next);
          }}
        >
          <option value="">{t`Skip this column`}</option>
          {(Object.keys(titles) as Place['group'][]).map((group) => {
            const options = group === 'attributes' ? own.map((field) => ({ field, group })) : places.filter((place) => place.group === group);
            return options.length > 0 && <optgroup key={group} label={titles[group]}>{options.map((place) => <option key={place.field} value={place.field}>{fieldText(place.field)}{taken.has(place.field) && place.field !== value ? ` (${t`taken`})` : ''}</option>)}</optgroup>;
          })}
          {prefix && <option value={OWN}>{prefix === 'attributes.' ? t`New attribute` : t`A property of the event`}</option>}
          {!prefix && !isKnown && <option value={OWN}>{value}</option>}
        </select>
        {confidence !== null && <span className={`badge ${confidence >= 0.8 ? 'good' : 'warn'}`} title={t`How sure the suggestion is`}>{percent(confidence)}</span>}
      </span>
      {free && prefix && <input aria-label={t`Name for ${column}`} value={value.startsWith(prefix) ? value.slice(prefix.length) : value} onChange={(event) => { setNaming(true); onChange(prefix === 'attributes.' ? event.target.value : `${prefix}${event.target.value}`); }} />}
    </>
  );
}

/** The samples of a column, as they would be stored. A choice other than the suggested one is asked for. */
function ShownSamples({ id, column, field, reading, isSuggested }: { id: string; column: Detail['columns'][number]; field: string; reading: Reading | undefined; isSuggested: boolean }): ReactNode {
  const client = useClient();
  const [other, setOther] = useState<readonly unknown[] | null>(null);
  const isUsual = !field || (isSuggested && !reading);
  const asked = JSON.stringify([field, reading]);
  useEffect(() => {
    if (isUsual) return setOther(null);
    let stopped = false;
    const timer = setTimeout(() => {
      void client.query(InterpretedDocument, { id, field, reading: reading ? { column: column.name, ...reading } : null }, { requestPolicy: 'network-only' }).toPromise().then(({ data }) => {
        if (!stopped) setOther(data?.import?.columns.find((one) => one.name === column.name)?.shown ?? null);
      });
    }, 200);
    return () => { stopped = true; clearTimeout(timer); };
  }, [client, id, column.name, asked, isUsual]); // eslint-disable-line
  if (!column.samples.length) return <span className="muted">{NOTHING}</span>;
  return <Samples before={column.samples} after={field ? (other ?? column.interpreted).map((value) => (value == null ? null : field.startsWith('consent') ? word(String(value)) : show(value))) : null} />;
}

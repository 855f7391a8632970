// The members of a segment: now, at a past day, or those that were removed and are kept out.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useClient, useQuery } from 'urql';
import { Link } from 'wouter';

import { useAct } from '../../api/acts';
import { useSegmentEvents } from '../../api/events';
import { MemberFieldsDocument } from '../../api/members';
import { usePages } from '../../api/pages';
import { exportSegment } from '../../api/segments';
import { mayWrite, useViewer } from '../../api/viewer';
import { count, money, moment, NOTHING } from '../../format';
import { graphql } from '../../gql';
import type { Channel, ExportFormat, MemberKind, MemberRowFragment, SegmentType } from '../../gql/graphql';
import { AskForm, ChoiceField } from '../../ui/editing';
import { Grid, type Column } from '../../ui/grid';
import { Icon } from '../../ui/icon';
import { Ask, Below, Confirm, Empty, Failed, Field, Loading, Problems, Search, Tabs, useSettled } from '../../ui/parts';
import { complain, say } from '../../ui/toasts';
import { useAddress } from '../../url';
import { word } from '../../words';
import { show } from '../members/values';
import { Why } from './why';

export const MemberRow = graphql(`
  fragment MemberRow on Member {
    id
    externalId
    name
    email
    phone
    domain
    country
    city
    postalCode
    industry
    employees
    revenue
    score
    tags
    attributes
    createdAt
    updatedAt
  }
`);

const NowDocument = graphql(`
  query SegmentMembers($id: ID!, $first: Int!, $after: String, $search: String, $orderBy: MemberOrder) {
    segment(id: $id) {
      id
      members(first: $first, after: $after, search: $search, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          ...MemberRow
        }
      }
    }
  }
`);

const PastDocument = graphql(`
  query SegmentMembersAt($id: ID!, $at: DateTime!, $first: Int!, $after: String) {
    segment(id: $id) {
      id
      membershipAt(at: $at, first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          ...MemberRow
        }
      }
    }
  }
`);

const BlockedDocument = graphql(`
  query SegmentBlocked($id: ID!, $first: Int!, $after: String) {
    segment(id: $id) {
      id
      blockedMembers(first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          sources
          playbooks {
            id
            name
          }
          node {
            ...MemberRow
          }
        }
      }
    }
  }
`);

const FoundDocument = graphql(`
  query MembersToAdd($kind: MemberKind!, $search: String) {
    members(kind: $kind, first: 30, search: $search) {
      nodes {
        id
        name
        externalId
        email
        country
      }
    }
  }
`);

const Add = graphql(`
  mutation AddMembersToSegment($input: SegmentMembersInput!) {
    addSegmentMembers(input: $input) {
      changed
      alreadyDone
      notFound
      segments {
        ...LiveSegment
      }
      errors {
        ...Wrong
      }
    }
  }
`);

const Remove = graphql(`
  mutation RemoveMembersOfSegment($input: SegmentMembersInput!) {
    removeSegmentMembers(input: $input) {
      changed
      alreadyDone
      segments {
        ...LiveSegment
      }
      errors {
        ...Wrong
      }
    }
  }
`);

const GiveBack = graphql(`
  mutation GiveMembersBack($input: SegmentMembersInput!) {
    unblockSegmentMembers(input: $input) {
      changed
      segments {
        ...LiveSegment
      }
      errors {
        ...Wrong
      }
    }
  }
`);

type Row = MemberRowFragment & { blockedBy?: string };

interface Props { segment: { id: string; name: string; kind: MemberKind; type: SegmentType; transitions: readonly string[] } }

const PAGE = 100;
const STANDARD = ['email', 'country', 'city', 'industry', 'employees', 'score', 'tags'];
const nameOf = (row: { name?: string | null; externalId: string }): string => row.name ?? row.externalId;

function useColumns(kind: MemberKind): Column<Row>[] {
  const { t } = useLingui();
  const { currency } = useViewer().workspace;
  const [{ data }] = useQuery({ query: MemberFieldsDocument, variables: { kind } });
  return [
    { key: 'externalId', title: t`External id`, width: '140px', sort: 'externalId', cell: (row) => row.externalId },
    { key: 'email', title: t`Email`, width: 'minmax(200px, 1.4fr)', sort: 'email', cell: (row) => row.email ?? NOTHING },
    { key: 'phone', title: t`Phone`, width: '150px', cell: (row) => row.phone ?? NOTHING },
    { key: 'domain', title: t`Domain`, width: '170px', sort: 'domain', cell: (row) => row.domain ?? NOTHING },
    { key: 'country', title: t`Country`, width: '96px', sort: 'country', cell: (row) => row.country ?? NOTHING },
    { key: 'city', title: t`City`, width: '130px', sort: 'city', cell: (row) => row.city ?? NOTHING },
    { key: 'postalCode', title: t`Postal code`, width: '110px', cell: (row) => row.postalCode ?? NOTHING },
    { key: 'industry', title: t`Industry`, width: '140px', sort: 'industry', cell: (row) => row.industry ?? NOTHING },
    { key: 'employees', title: t`Employees`, width: '110px', number: true, sort: 'employees', cell: (row) => count(row.employees) },
    { key: 'revenue', title: t`Revenue`, width: '150px', number: true, sort: 'revenue', cell: (row) => money(row.revenue, currency) },
    { key: 'score', title: t`Score`, width: '84px', number: true, sort: 'score', cell: (row) => count(row.score) },
    { key: 'tags', title: t`Tags`, width: '190px', cell: (row) => row.tags.map((tag) => <span key={tag} className="badge" style={{ marginRight: 4 }}>{tag}</span>) },
    { key: 'updatedAt', title: t`Last change`, width: '170px', sort: 'updatedAt', cell: (row) => moment(row.updatedAt) },
    ...(data?.criteriaFields ?? []).filter((field) => field.isCustom).map((field): Column<Row> => ({
      key: `attributes.${field.name}`, title: field.label, width: '150px', ...(field.type !== 'STRING_LIST' && { sort: field.name }),
      ...(field.type === 'NUMBER' && { number: true }), cell: (row) => show((row.attributes as Record<string, unknown>)[field.name]),
    })),
  ];
}

/** The last moment of a day, if it is over. */
const endOf = (day: string): string => `${day}T23:59:59Z`;

export function MembersTab({ segment }: Props): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [one, many, change] = useAddress();
  const { id, kind } = segment;
  const isBlocked = one('view') === 'blocked';
  const at = isBlocked ? '' : one('at');
  const search = one('search');
  const [field, direction] = one('sort').split(':');
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<'add' | 'remove' | 'give' | 'export' | null>(null);
  const [isStale, setStale] = useState(false);
  const shared = { id, first: PAGE };
  const isNow = !isBlocked && !at;
  const now = usePages(
    NowDocument, { ...shared, search: search || null, orderBy: field ? { field, direction: direction === 'DESC' ? 'DESC' : 'ASC' } : null },
    (data) => data.segment?.members, { pause: !isNow },
  );
  const past = usePages(PastDocument, { ...shared, at: endOf(at || '2000-01-01') }, (data) => data.segment?.membershipAt, { pause: !at });
  const blocked = usePages(BlockedDocument, shared, (data) => {
    const found = data.segment?.blockedMembers;
    return found && { ...found, nodes: found.edges.map(({ node, sources, playbooks }): Row => ({ ...node, blockedBy: [...sources.filter((source) => source !== 'PLAYBOOK' || !playbooks.length).map(word), ...playbooks.map((playbook) => playbook.name)].join(', ') })) };
  });
  const pages: { rows: readonly Row[]; totalCount: number | null; isFetching: boolean; error: typeof now.error; hasMore: boolean; more: () => void; again: () => void } = isBlocked ? blocked : at ? past : now;
  useSegmentEvents((event) => {
    if (event.__typename === 'MembershipChanged' && event.segment.id === id) setStale(true);
  });
  const mayChange = mayWrite(viewer) && segment.transitions.includes('EDIT');
  const chosen = pages.rows.filter((row) => selected.has(row.id));
  const done = (): void => { setSelected(new Set()); setStale(false); now.again(); blocked.again(); };
  const columns = useColumns(kind);
  const shown = many('columns').length ? many('columns') : STANDARD;
  const whole: Column<Row>[] = [
    { key: 'name', title: t`Name`, width: 'minmax(200px, 1.6fr)', sort: 'name', cell: (row) => <Link href={`/members/${row.id}`} className="name" title={nameOf(row)}>{nameOf(row)}</Link> },
    { key: 'why', title: t`Why`, width: '84px', cell: (row) => <button type="button" className="button small" aria-label={isBlocked ? t`Why is ${nameOf(row)} not in it?` : t`Why is ${nameOf(row)} in it?`} onClick={() => change({ why: row.id })}><Trans>Why?</Trans></button> },
    ...(isBlocked ? [{ key: 'blockedBy', title: t`Kept out of`, width: '190px', cell: (row: Row) => row.blockedBy ?? NOTHING }] : []),
    ...columns.filter((column) => shown.includes(column.key)),
  ];
  const visible = isNow ? whole : whole.map(({ sort: _, ...column }) => column);
  const view = (name: string): string => `/segments/${id}/members${name && `?view=${name}`}`;
  return (
    <>
      <div className="row">
        <Tabs
          label={t`Which members`}
          tabs={[
            { key: 'in', href: view(''), current: !isBlocked, text: <Trans>In the segment</Trans> },
            { key: 'blocked', href: view('blocked'), current: isBlocked, text: <><Trans>Kept out</Trans>{blocked.totalCount !== null && <> <span className="badge">{count(blocked.totalCount)}</span></>}</> },
          ]}
        />
        <span className="grow" />
        {mayChange && !isBlocked && <button type="button" className="button primary" onClick={() => setAsked('add')}><Icon name="plus" /><Trans>Add members</Trans></button>}
        {mayChange && !isBlocked && segment.type === 'STATIC' && <Link href={`/imports?segment=${id}`} className="button"><Icon name="imports" /><Trans>Import a file</Trans></Link>}
        {mayWrite(viewer) && !isBlocked && <button type="button" className="button" onClick={() => setAsked('export')}><Icon name="download" /><Trans>Export</Trans></button>}
      </div>
      {isBlocked && <p className="muted"><Trans>Somebody removed these members, so criteria, imports and playbooks do not add them again. Given back, they come in again if a source has them.</Trans></p>}
      <div className="row">
        {isNow && <Search key={search ? 'kept' : 'none'} label={t`Search members`} value={search} onChange={(words) => change({ search: words })} />}
        {!isBlocked && (
          <label className="row small"><Trans>As it was on</Trans>
            <input type="date" style={{ width: 'auto' }} max={new Date().toISOString().slice(0, 10)} value={at} onChange={(event) => { setSelected(new Set()); change({ at: event.target.value, search: '', sort: '' }); }} />
          </label>
        )}
        {at && <button type="button" className="button small" onClick={() => change({ at: '' })}><Trans>Back to now</Trans></button>}
        <Below text={t`Columns`} icon="columns">
          <div style={{ maxHeight: '20rem', overflow: 'auto' }} role="group" tabIndex={0} aria-label={t`Columns`}>
            {columns.map((column) => (
              <label key={column.key} className="check small">
                <input type="checkbox" checked={shown.includes(column.key)} onChange={(event) => change({ columns: columns.map((other) => other.key).filter((key) => (key === column.key ? event.target.checked : shown.includes(key))) })} />
                {column.title}
              </label>
            ))}
          </div>
        </Below>
        {isStale && isNow && <button type="button" className="button small" onClick={() => { setStale(false); now.again(); }}><Icon name="refresh" /><Trans>Show who entered and left</Trans></button>}
        <span className="muted small" role="status">{pages.totalCount != null && <Plural value={pages.totalCount} one="# member" other="# members" />}</span>
      </div>
      {pages.error && <Failed error={pages.error} again={pages.again} />}
      <div className="card">
        {chosen.length > 0 && (
          <div className="bulk" role="toolbar" aria-label={t`Selected members`}>
            <strong><Plural value={chosen.length} one="# selected" other="# selected" /></strong>
            {isBlocked ? <button type="button" className="button small" onClick={() => setAsked('give')}><Trans>Give back to automation</Trans></button> : <button type="button" className="button small" onClick={() => setAsked('remove')}><Trans>Remove from the segment</Trans></button>}
            <button type="button" className="button small plain" onClick={() => setSelected(new Set())}><Trans>Select none</Trans></button>
          </div>
        )}
        {pages.rows.length > 0 ? (
          <Grid
            label={t`Members`} rows={pages.rows} columns={visible} idOf={(row) => row.id} nameOf={nameOf} total={pages.totalCount}
            hasMore={pages.hasMore} more={pages.more} onOpen={(row) => change({ why: row.id })}
            {...(mayChange && !at && { selected, onSelect: setSelected })} {...(isNow && { sort: one('sort'), onSort: (sort: string) => change({ sort }) })}
          />
        ) : pages.isFetching ? <div style={{ padding: '1rem' }}><Loading rows={6} /></div> : !pages.error && (
          isBlocked ? <Empty title={<Trans>Nobody is kept out</Trans>} />
            : at ? <Empty title={<Trans>The segment had no members that day</Trans>} />
              : search ? <Empty title={<Trans>No member matches</Trans>}><button type="button" className="button" onClick={() => change({ search: '' })}><Trans>Remove the search</Trans></button></Empty>
                : <Empty title={<Trans>No members</Trans>}><p><Trans>Add some, import a file, or change the criteria.</Trans></p></Empty>
        )}
      </div>
      {one('why') && <Why segmentId={id} memberId={one('why')} onClose={() => change({ why: '' })} />}
      {asked === 'add' && <AskMembers segment={segment} onClose={() => setAsked(null)} onDone={done} />}
      {asked === 'remove' && <AskRemove segment={segment} rows={chosen} onClose={() => setAsked(null)} onDone={done} />}
      {asked === 'give' && <AskGiveBack segment={segment} rows={chosen} onClose={() => setAsked(null)} onDone={done} />}
      {asked === 'export' && <AskExport segment={segment} columns={['name', ...shown]} onClose={() => setAsked(null)} />}
    </>
  );
}

interface AskProps extends Props { onClose: () => void; onDone: () => void }

function AskMembers({ segment, onClose, onDone }: AskProps): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems, setProblems } = useAct();
  const [text, setText] = useState('');
  const [ids, setIds] = useState('');
  const [chosen, setChosen] = useState<readonly { id: string; name: string }[]>([]);
  const [why, setWhy] = useState<string | null>(null);
  const search = useSettled(text.trim());
  const [{ data, fetching }] = useQuery({ query: FoundDocument, variables: { kind: segment.kind, search: search || null } });
  const found = data?.members.nodes ?? [];
  async function submit(): Promise<void> {
    const externalIds = ids.split(/[\s,;]+/).filter(Boolean);
    if (!chosen.length && !externalIds.length) return setProblems([{ code: 'REQUIRED', message: t`Choose members, or give external ids.` }]);
    const given = { ...(chosen.length && { memberIds: chosen.map((member) => member.id) }), ...(externalIds.length && { externalIds }) };
    const result = await act(Add, { input: { segmentIds: [segment.id], ...given } });
    if (!result) return;
    say(t`Added: ${result.changed}, already in it: ${result.alreadyDone}`);
    onDone();
    if (result.notFound.length) {
      // What was not found stays in the field, to be put right.
      setChosen([]);
      setIds(result.notFound.join('\n'));
      return setProblems([{ code: 'NOT_FOUND', message: t`Not found, and not added: ${result.notFound.slice(0, 5).join(', ')}` }]);
    }
    onClose();
  }
  return (
    <>
      <AskForm wide title={t`Add members to ${segment.name}`} action={<Trans>Add</Trans>} busy={busy} problems={problems} onSubmit={() => void submit()} onClose={onClose}>
        <fieldset className="picker">
          <legend className="label">{word(segment.kind)}</legend>
          {chosen.length > 0 && <div className="chips">{chosen.map((member) => <span key={member.id} className="chip">{member.name}<button type="button" aria-label={t`Leave out ${member.name}`} onClick={() => setChosen(chosen.filter((other) => other.id !== member.id))}>×</button></span>)}</div>}
          <input type="search" aria-label={t`Search by name, email or id`} placeholder={t`Search by name, email or id`} value={text} onChange={(event) => setText(event.target.value)} />
          <div className="options" role="group" aria-label={t`Members found`} tabIndex={-1}>
            {found.map((member) => (
              <div key={member.id} className="row" style={{ flexWrap: 'nowrap' }}>
                <label className="check grow">
                  <input type="checkbox" checked={chosen.some((other) => other.id === member.id)} onChange={(event) => setChosen(event.target.checked ? [...chosen, { id: member.id, name: nameOf(member) }] : chosen.filter((other) => other.id !== member.id))} />
                  <span className="grow">{nameOf(member)} <span className="muted small">{member.email ?? member.country}</span></span>
                </label>
                <button type="button" className="button small plain" aria-label={t`Is ${nameOf(member)} in it, and why?`} onClick={() => setWhy(member.id)}><Trans>Why?</Trans></button>
              </div>
            ))}
            {!fetching && !found.length && <p className="muted small"><Trans>No member matches</Trans></p>}
          </div>
        </fieldset>
        <Field label={<Trans>Or external ids</Trans>} hint={<Trans>One a line, or separated by commas; up to 10,000</Trans>}>{(fieldIds) => <textarea {...fieldIds} rows={3} value={ids} onChange={(event) => setIds(event.target.value)} />}</Field>
      </AskForm>
      {why && <Why segmentId={segment.id} memberId={why} onClose={() => setWhy(null)} />}
    </>
  );
}

function AskRemove({ segment, rows, onClose, onDone }: AskProps & { rows: readonly Row[] }): ReactNode {
  const { t } = useLingui();
  const { act, problems } = useAct();
  return (
    <Confirm
      title={<Plural value={rows.length} one="Remove # member" other="Remove # members" />} action={<Trans>Remove</Trans>} danger problems={problems} onClose={onClose}
      onConfirm={async () => {
        const result = await act(Remove, { input: { segmentIds: [segment.id], memberIds: rows.map((row) => row.id) } });
        if (!result) return false;
        say(t`Removed: ${result.changed}`);
        onDone();
        return true;
      }}
    >
      <p>{t`They leave ${segment.name} and are kept out: criteria, imports and playbooks do not add them again, until you give them back. The members themselves stay.`}</p>
      <p className="muted">{rows.slice(0, 8).map(nameOf).join(', ')}{rows.length > 8 && ' …'}</p>
    </Confirm>
  );
}

function AskGiveBack({ segment, rows, onClose, onDone }: AskProps & { rows: readonly Row[] }): ReactNode {
  const { t } = useLingui();
  const { act, problems } = useAct();
  return (
    <Confirm
      title={<Plural value={rows.length} one="Give # member back" other="Give # members back" />} action={<Trans>Give back</Trans>} problems={problems} onClose={onClose}
      onConfirm={async () => {
        const result = await act(GiveBack, { input: { segmentIds: [segment.id], memberIds: rows.map((row) => row.id) } });
        if (!result) return false;
        say(t`Given back: ${result.changed}`);
        onDone();
        return true;
      }}
    >
      <p>{t`Criteria, imports and playbooks decide again whether they are in ${segment.name}. Those that a source has now come in at once.`}</p>
    </Confirm>
  );
}

const CHANNELS: readonly Channel[] = ['EMAIL', 'DIRECT_MAIL', 'SMS', 'PHONE', 'PUSH'];

function AskExport({ segment, columns, onClose }: Props & { columns: readonly string[]; onClose: () => void }): ReactNode {
  const { t } = useLingui();
  const client = useClient();
  const [format, setFormat] = useState<ExportFormat>('CSV');
  const [channel, setChannel] = useState<Channel | ''>('');
  const [which, setWhich] = useState<'all' | 'shown'>('all');
  const [isOnce, setOnce] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  async function submit(): Promise<void> {
    setBusy(true);
    setProblem(null);
    const found = await exportSegment(client, segment.id, {
      format, ...(channel && { channel, distinctAddresses: isOnce }),
      ...(which === 'shown' && { columns: columns.map((name) => name.replace(/^attributes\./, '')) }),
    });
    setBusy(false);
    if (found === null) { say(t`The export of ${segment.name} is there.`); onClose(); } else { setProblem(found); complain(found); }
  }
  return (
    <Ask title={t`Export ${segment.name}`} onClose={onClose}>
      <ChoiceField label={t`Members`} value={channel} options={[['', t`All`], ...CHANNELS.map((one) => [one, t`Only those that can be contacted: ${word(one)}`] as const)]} onChange={setChannel} />
      {channel && <label className="check"><input type="checkbox" checked={isOnce} onChange={(event) => setOnce(event.target.checked)} /><Trans>Each address once</Trans></label>}
      <ChoiceField label={t`Columns`} value={which} options={[['all', t`All that an import accepts`], ['shown', t`Those shown in the list`]]} onChange={setWhich} />
      <ChoiceField label={t`File`} value={format} options={[['CSV', t`CSV for spreadsheets`], ['PLAIN_CSV', t`CSV for programs`], ['JSON_LINES', t`JSON, an object a line`]]} onChange={setFormat} />
      {problem !== null && <Problems of={[{ code: 'FAILED', message: problem }]} />}
      <div className="ends">
        <button type="button" className="button" onClick={onClose}><Trans>Cancel</Trans></button>
        <button type="button" className="button primary" disabled={busy} onClick={() => void submit()}>{busy ? <Trans>The file is being written</Trans> : <Trans>Export</Trans>}</button>
      </div>
    </Ask>
  );
}

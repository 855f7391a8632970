import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link, useLocation } from 'wouter';

import { useLiveEvents } from '../../api/events';
import { usePages } from '../../api/pages';
import type { Step } from '../../api/segments';
import { mayWrite, useViewer } from '../../api/viewer';
import { graphql } from '../../gql';
import type { SegmentFilter, SegmentOrder, SegmentsQuery } from '../../gql/graphql';
import { ago, count, day, moment, NOTHING } from '../../format';
import { useAddress } from '../../url';
import { Grid, type Column } from '../../ui/grid';
import { Icon } from '../../ui/icon';
import { Actions, Below, Choice, Empty, Failed, Field, Loading, PageHead, Progress, Search, Several, Status, Tabs } from '../../ui/parts';
import { SavedViews } from '../../ui/views';
import { word } from '../../words';
import { AskFolder, AskLabels, LabelChip, ManagePlaces, Star, usePlaces } from './labels';
import { useSteps } from './steps';

export const SegmentsDocument = graphql(`
  query Segments($first: Int!, $after: String, $filter: SegmentFilter, $search: String, $orderBy: SegmentOrder) {
    segments(first: $first, after: $after, filter: $filter, search: $search, orderBy: $orderBy) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        ...LiveSegment
        ...SegmentPlaces
        kind
        origin
        createdAt
        createdBy {
          id
          name
        }
      }
    }
  }
`);

const CountsDocument = graphql(`
  query SegmentCounts($filter: SegmentFilter, $search: String) {
    segmentCounts(filter: $filter, search: $search) {
      status
      count
    }
  }
`);

const CreatorsDocument = graphql(`
  query Creators {
    users(first: 100) {
      nodes {
        id
        name
      }
    }
  }
`);

type Row = SegmentsQuery['segments']['nodes'][number];

const PAGE = 100;
const TABS = { active: ['ACTIVE', 'PAUSED'], drafts: ['DRAFT'], archived: ['ARCHIVED'] } as const;
type TabName = keyof typeof TABS;
const KINDS = ['PERSON', 'ACCOUNT', 'ORGANIZATION', 'PRODUCT', 'DEAL', 'ACTIVITY', 'TICKET'] as const;
const FILTERS = ['status', 'type', 'purpose', 'kind', 'origin', 'reach', 'by', 'editor', 'from', 'to', 'label', 'folder', 'favourite', 'used', 'stale'] as const;
const STANDARD = ['status', 'type', 'members', 'total', 'directMail', 'email', 'campaigns', 'labels', 'changed'];

/** The row's name is shown always; these columns can be chosen. */
function useColumns(): Column<Row>[] {
  const { t } = useLingui();
  return useMemo(() => [
    { key: 'status', title: t`Status`, width: '96px', sort: 'STATUS', cell: (row) => <Status of={row.status} /> },
    { key: 'type', title: t`Type`, width: '90px', cell: (row) => word(row.type) },
    { key: 'kind', title: t`Members are`, width: '120px', cell: (row) => word(row.kind) },
    { key: 'purpose', title: t`Purpose`, width: '110px', cell: (row) => word(row.purpose) },
    { key: 'members', title: t`Members`, width: '96px', number: true, sort: 'MEMBER_COUNT', cell: (row) => count(row.memberCount) },
    { key: 'total', title: t`Reach`, width: '130px', number: true, sort: 'REACH', cell: (row) => <ReachOf row={row} /> },
    { key: 'directMail', title: t`Direct mail`, width: '110px', number: true, sort: 'REACH_DIRECT_MAIL', cell: (row) => count(row.reach.directMail) },
    { key: 'email', title: t`Email`, width: '84px', number: true, sort: 'REACH_EMAIL', cell: (row) => count(row.reach.email) },
    { key: 'sms', title: t`SMS`, width: '90px', number: true, cell: (row) => count(row.reach.sms) },
    { key: 'phone', title: t`Phone`, width: '90px', number: true, cell: (row) => count(row.reach.phone) },
    { key: 'push', title: t`Push`, width: '90px', number: true, cell: (row) => count(row.reach.push) },
    { key: 'campaigns', title: t`Campaigns`, width: '110px', number: true, cell: (row) => count(row.campaignCount) },
    { key: 'labels', title: t`Labels`, width: '150px', cell: (row) => <span className="labels" title={row.labels.map((label) => label.name).join(', ')}>{row.labels.map((label) => <LabelChip key={label.id} label={label} />)}</span> },
    { key: 'folder', title: t`Folder`, width: '130px', cell: (row) => row.folder?.name ?? NOTHING },
    { key: 'origin', title: t`Origin`, width: '100px', cell: (row) => word(row.origin) },
    { key: 'creator', title: t`Created by`, width: '140px', sort: 'CREATOR', cell: (row) => row.createdBy?.name ?? NOTHING },
    { key: 'editor', title: t`Last editor`, width: '140px', cell: (row) => row.lastModifiedBy?.name ?? NOTHING },
    { key: 'created', title: t`Created`, width: '120px', sort: 'CREATED_AT', cell: (row) => day(row.createdAt) },
    {
      key: 'changed', title: t`Last change`, width: '220px', sort: 'LAST_MODIFIED_AT',
      cell: (row) => <span title={moment(row.lastModifiedAt)}>{word(row.lastAction)} {ago(row.lastModifiedAt)}{row.lastModifiedBy && `, ${row.lastModifiedBy.name}`}</span>,
    },
  ], [t]);
}

/** The reach, or how far its computation is, or why it failed. A number that is being computed anew stays to be seen. */
export function ReachOf({ row }: { row: Pick<Row, 'reach' | 'name'> }): ReactNode {
  const { t } = useLingui();
  const { status, total, progress, error } = row.reach;
  if (status === 'CALCULATING') {
    return (
      <span className="row" style={{ justifyContent: 'flex-end', flexWrap: 'nowrap' }}>
        {total != null && <span className="muted">{count(total)}</span>}
        <span className="badge warn">{progress == null ? t`Calculating` : null}<Progress value={progress} label={t`Calculating ${row.name}`} /></span>
      </span>
    );
  }
  if (status === 'FAILED') return <span className="badge bad" title={error?.message}>{t`Failed`}: {error?.message}</span>;
  return <>{count(total)}</>;
}

export function SegmentsPage(): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [, go] = useLocation();
  const [one, many, change] = useAddress();
  const tab = (one('tab') in TABS ? one('tab') : 'active') as TabName;
  const search = one('search');
  const sort = one('sort');
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => { document.title = `${t`Segments`} – seggraph`; }, [t]);

  const filter: SegmentFilter = {
    ...(many('type').length && { types: many('type') as SegmentFilter['types'] }),
    ...(many('purpose').length && { purposes: many('purpose') as SegmentFilter['purposes'] }),
    ...(many('kind').length && { kinds: many('kind') as SegmentFilter['kinds'] }),
    ...(many('origin').length && { origins: many('origin') as SegmentFilter['origins'] }),
    ...(many('reach').length && { reachStatuses: many('reach') as SegmentFilter['reachStatuses'] }),
    ...(many('by').length && { createdBy: many('by') }),
    ...(many('editor').length && { lastModifiedBy: many('editor') }),
    ...(many('label').length && { labelIds: many('label') }),
    ...(one('folder') && (one('folder') === 'none' ? { inFolder: false } : { folderIds: [one('folder')] })),
    ...(one('favourite') && { favourite: true }),
    ...(one('used') && { used: one('used') === 'yes' }),
    ...(one('stale') && { stale: true }),
    ...((one('from') || one('to')) && { createdBetween: { from: one('from') ? `${one('from')}T00:00:00Z` : null, to: one('to') ? `${one('to')}T23:59:59.999Z` : null } }),
  };
  const [field, direction] = sort.split(':');
  const orderBy = field ? ({ field, direction: direction === 'ASC' ? 'ASC' : 'DESC' } as SegmentOrder) : null;
  // Within the tab of active ones, active and paused ones can be told apart.
  const within = many('status').filter((status) => (TABS[tab] as readonly string[]).includes(status));
  const statuses: readonly string[] = within.length ? within : TABS[tab];
  const topics = ['SEGMENT_CREATED', 'SEGMENT_UPDATED', 'SEGMENT_ARCHIVED', 'SEGMENT_DELETED'];
  const pages = usePages(
    SegmentsDocument,
    { first: PAGE, filter: { ...filter, statuses: statuses as SegmentFilter['statuses'] }, search: search || null, orderBy },
    (data) => data.segments, { refreshedBy: topics },
  );
  const [{ data: counted }, countAgain] = useQuery({ query: CountsDocument, variables: { filter, search: search || null } });
  useLiveEvents(topics, () => countAgain({ requestPolicy: 'network-only' }));
  const { actionsOf, start, dialog, report } = useSteps(pages.again);
  const { labels, folders } = usePlaces();
  const [asked, setAsked] = useState<{ what: 'labels' | 'folder' | 'manage'; of: readonly Row[] } | null>(null);

  // Rows leave the tab when their status changes, before the list is asked for anew.
  const rows = pages.rows.filter((row) => statuses.includes(row.status));
  const chosen = rows.filter((row) => selected.has(row.id));
  const columns = useColumns();
  const shown = many('columns').length ? many('columns') : STANDARD;
  const filters = FILTERS.filter((name) => one(name)).length;
  const tabCount = (name: TabName): number | null =>
    counted ? counted.segmentCounts.filter((row) => (TABS[name] as readonly string[]).includes(row.status)).reduce((sum, row) => sum + row.count, 0) : null;
  const link = (name: TabName): string => {
    const parameters = new URLSearchParams(location.search);
    parameters.set('tab', name);
    return `/segments?${parameters}`;
  };
  const nameColumn: Column<Row> = {
    key: 'name', title: t`Name`, width: 'minmax(280px, 2fr)', sort: 'NAME',
    cell: (row) => <span className="starred"><Star segment={row} {...(one('favourite') && { changed: pages.again })} /><Link href={`/segments/${row.id}`} className="name" title={row.name}>{row.name}</Link></span>,
  };
  const actionColumn: Column<Row> = {
    key: 'actions', title: t`Actions`, width: '72px',
    cell: (row) => <Actions label={t`Actions for ${row.name}`} actions={[
      ...actionsOf(row),
      ...(mayWrite(viewer) && row.transitions.includes('EDIT') ? [{ key: 'labels', label: t`Labels`, run: () => setAsked({ what: 'labels', of: [row] }) }, { key: 'folder', label: t`Put into a folder`, run: () => setAsked({ what: 'folder', of: [row] }) }] : []),
    ]} />,
  };
  const steps: [Step, string][] = [
    ['ACTIVATE', t`Activate`], ['RECALCULATE', t`Recalculate`], ['PAUSE', t`Pause`], ['RESUME', t`Resume`], ['ARCHIVE', t`Archive`], ['UNARCHIVE', t`Take out of the archive`], ['DELETE', t`Delete`],
  ];

  return (
    <>
      <PageHead title={<Trans>Segments</Trans>}>
        <button type="button" className="button" onClick={() => setAsked({ what: 'manage', of: [] })}><Icon name="folder" /><Trans>Labels and folders</Trans></button>
        {mayWrite(viewer) && <Link href="/segments/new" className="button primary"><Icon name="plus" /><Trans>New segment</Trans></Link>}
      </PageHead>
      <Tabs
        label={t`Status of segments`}
        tabs={(Object.keys(TABS) as TabName[]).map((name) => ({
          key: name, href: link(name), current: name === tab,
          text: <>{{ active: t`Active`, drafts: t`Drafts`, archived: t`Archived` }[name]} <span className="badge">{count(tabCount(name))}</span></>,
        }))}
      />
      <div className="row">
        <Search key={search ? 'kept' : 'none'} label={t`Search segments`} value={search} onChange={(text) => change({ search: text })} />
        <button type="button" className="button" aria-pressed={Boolean(one('favourite'))} onClick={() => change({ favourite: one('favourite') ? '' : 'yes' })}><Icon name="star" /><Trans>Favourites</Trans></button>
        {folders.length > 0 && (
          <select aria-label={t`Folder`} style={{ width: 'auto', maxWidth: '14rem' }} value={one('folder')} onChange={(event) => change({ folder: event.target.value })}>
            <option value="">{t`All folders`}</option>
            {folders.map((folder) => <option key={folder.id} value={folder.id}>{folder.path} ({folder.segmentCount})</option>)}
            <option value="none">{t`In no folder`}</option>
          </select>
        )}
        <Below text={<>{t`Filters`}{filters > 0 && <span className="badge accent">{filters}</span>}</>} label={t`Filters`}>
          {tab === 'active' && <Several legend={t`Status`} values={many('status')} options={['ACTIVE', 'PAUSED']} onChange={(status) => change({ status })} />}
          {labels.length > 0 && (
            <fieldset className="picker">
              <legend className="label"><Trans>Labels</Trans></legend>
              <div className="row">
                {labels.map((label) => (
                  <label key={label.id} className="check small">
                    <input type="checkbox" checked={many('label').includes(label.id)} onChange={(event) => change({ label: event.target.checked ? [...many('label'), label.id] : many('label').filter((id) => id !== label.id) })} />
                    <LabelChip label={label} />
                  </label>
                ))}
              </div>
            </fieldset>
          )}
          <Several legend={t`Purpose`} values={many('purpose')} options={['ACQUISITION', 'RETENTION']} onChange={(purpose) => change({ purpose })} />
          <Several legend={t`Type`} values={many('type')} options={['DYNAMIC', 'STATIC']} onChange={(type) => change({ type })} />
          <Several legend={t`Members are`} values={many('kind')} options={KINDS} onChange={(kind) => change({ kind })} />
          <Several legend={t`Origin`} values={many('origin')} options={['DEFAULT', 'USER', 'CUSTOM']} onChange={(origin) => change({ origin })} />
          <Several legend={t`Reach`} values={many('reach')} options={['READY', 'CALCULATING', 'FAILED', 'NONE']} onChange={(reach) => change({ reach })} />
          <div className="row">
            <People label={t`Created by`} values={many('by')} onChange={(by) => change({ by })} />
            <People label={t`Last editor`} values={many('editor')} onChange={(editor) => change({ editor })} />
          </div>
          <div className="row">
            <Field label={t`Use`}>{(ids) => <Choice ids={ids} value={one('used')} options={[['', t`All`], ['yes', t`Used by something`], ['no', t`Used by nothing`]]} onChange={(used) => change({ used })} />}</Field>
            <label className="check small"><input type="checkbox" checked={Boolean(one('stale'))} onChange={(event) => change({ stale: event.target.checked ? 'yes' : '' })} /><Trans>Numbers are old</Trans></label>
          </div>
          <div className="row">
            <Field label={t`Created from`}>{(ids) => <input {...ids} type="date" value={one('from')} onChange={(event) => change({ from: event.target.value })} />}</Field>
            <Field label={t`Created until`}>{(ids) => <input {...ids} type="date" value={one('to')} onChange={(event) => change({ to: event.target.value })} />}</Field>
          </div>
          <div><button type="button" className="button small" onClick={() => change(Object.fromEntries(FILTERS.map((name) => [name, ''])))}><Trans>Remove all filters</Trans></button></div>
        </Below>
        <SavedViews list="SEGMENTS" />
        <Below text={t`Columns`} icon="columns">
          {columns.map((column) => (
            <label key={column.key} className="check small">
              <input type="checkbox" checked={shown.includes(column.key)} onChange={(event) => change({ columns: columns.map((other) => other.key).filter((key) => (key === column.key ? event.target.checked : shown.includes(key))) })} />
              {column.title}
            </label>
          ))}
        </Below>
        <span className="muted small" role="status">{pages.totalCount != null && <Plural value={pages.totalCount} one="# segment" other="# segments" />}</span>
      </div>
      {pages.error && <Failed error={pages.error} again={pages.again} />}
      <div className="card">
        {chosen.length > 0 && (
          <div className="bulk" role="toolbar" aria-label={t`Selected segments`}>
            <strong><Plural value={chosen.length} one="# selected" other="# selected" /></strong>
            {steps.filter(([step]) => chosen.some((row) => row.transitions.includes(step))).map(([step, text]) => (
              <button key={step} type="button" className="button small" onClick={() => start(step, chosen)}>{text}</button>
            ))}
            {mayWrite(viewer) && <button type="button" className="button small" onClick={() => setAsked({ what: 'labels', of: chosen })}><Icon name="label" /><Trans>Labels</Trans></button>}
            {mayWrite(viewer) && <button type="button" className="button small" onClick={() => setAsked({ what: 'folder', of: chosen })}><Icon name="folder" /><Trans>Folder</Trans></button>}
            {(chosen.length === 2 || chosen.length === 3) && new Set(chosen.map((row) => row.kind)).size === 1 && <Link href={`/segments/${chosen[0]?.id}/compare?with=${chosen.slice(1).map((row) => row.id).join(',')}`} className="button small"><Icon name="compare" /><Trans>Compare</Trans></Link>}
            <button type="button" className="button small plain" onClick={() => setSelected(new Set())}><Trans>Select none</Trans></button>
          </div>
        )}
        {rows.length > 0 ? (
          <Grid
            label={t`Segments`} rows={rows} idOf={(row) => row.id} nameOf={(row) => row.name} total={pages.totalCount}
            columns={[nameColumn, actionColumn, ...columns.filter((column) => shown.includes(column.key))]}
            hasMore={pages.hasMore} more={pages.more} selected={selected} onSelect={setSelected} onOpen={(row) => go(`/segments/${row.id}`)}
            sort={sort || 'CREATED_AT:DESC'} onSort={(next) => change({ sort: next })}
          />
        ) : pages.isFetching ? <div style={{ padding: '1rem' }}><Loading rows={6} /></div> : !pages.error && (
          <Empty title={search || filters ? <Trans>No segment matches</Trans> : tab === 'archived' ? <Trans>Nothing is archived</Trans> : tab === 'drafts' ? <Trans>There are no drafts</Trans> : <Trans>There are no segments yet</Trans>}>
            {search || filters ? (
              <button type="button" className="button" onClick={() => change({ search: '', ...Object.fromEntries(FILTERS.map((name) => [name, ''])) })}><Trans>Remove search and filters</Trans></button>
            ) : mayWrite(viewer) && tab !== 'archived' && (
              <>
                <p><Trans>A segment is a group of members: by criteria, from a file, or added one by one.</Trans></p>
                <Link href="/segments/new" className="button primary"><Trans>Build a segment</Trans></Link>
              </>
            )}
          </Empty>
        )}
      </div>
      {dialog}
      {asked?.what === 'labels' && <AskLabels of={asked.of} onClose={() => setAsked(null)} onDone={(outcomes) => report(t`Labels changed`, asked.of, outcomes)} />}
      {asked?.what === 'folder' && <AskFolder of={asked.of} onClose={() => setAsked(null)} onDone={(outcomes) => report(t`Folders changed`, asked.of, outcomes)} />}
      {asked?.what === 'manage' && <ManagePlaces onClose={() => setAsked(null)} />}
    </>
  );
}

function People({ label, values, onChange }: { label: string; values: readonly string[]; onChange: (ids: string[]) => void }): ReactNode {
  const [{ data }] = useQuery({ query: CreatorsDocument, requestPolicy: 'cache-first' });
  const { t } = useLingui();
  if (!data) return null;
  return (
    <Field label={label}>
      {(ids) => (
        <select {...ids} value={values[0] ?? ''} onChange={(event) => onChange(event.target.value ? [event.target.value] : [])}>
          <option value="">{t`Everybody`}</option>
          {data.users.nodes.map((user) => <option key={user.id} value={user.id}>{user.name}</option>)}
        </select>
      )}
    </Field>
  );
}

// Members of one kind: searched, found by criteria, ordered, with columns to choose; many of them tagged, added to a
// segment or erased at once.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link, useLocation } from 'wouter';

import { MemberFieldsDocument, MembersDocument } from '../../api/members';
import { usePages } from '../../api/pages';
import { may, mayWrite, useViewer } from '../../api/viewer';
import type { MemberKind, MembersQuery } from '../../gql/graphql';
import { ago, count, moment, money, NOTHING } from '../../format';
import { useAddress } from '../../url';
import { KINDS, useCriteria, useTitle } from '../../ui/editing';
import { Grid, type Column } from '../../ui/grid';
import { Icon } from '../../ui/icon';
import { Below, Empty, Failed, Field, Loading, PageHead, Search, Tabs } from '../../ui/parts';
import { SavedViews } from '../../ui/views';
import { word } from '../../words';
import { MemberForm } from './form';
import { AddToSegment, AskTags, Erase, SaveAsSegment } from './steps';
import { show } from './values';

type Row = MembersQuery['members']['nodes'][number];

const PAGE = 100;
const STANDARD = ['email', 'country', 'city', 'industry', 'score', 'tags', 'updatedAt'];
const TOPICS = ['MEMBERS_ENTERED', 'MEMBERS_EXITED', 'IMPORT_FINISHED'];

function useColumns(kind: MemberKind): Column<Row>[] {
  const { t } = useLingui();
  const { currency } = useViewer().workspace;
  const [{ data }] = useQuery({ query: MemberFieldsDocument, variables: { kind } });
  const own = (data?.criteriaFields ?? []).filter((field) => field.isCustom);
  return [
    { key: 'externalId', title: t`External id`, width: '140px', sort: 'externalId', cell: (row) => row.externalId },
    { key: 'email', title: t`Email`, width: 'minmax(210px, 1.5fr)', sort: 'email', cell: (row) => row.email ?? NOTHING },
    { key: 'phone', title: t`Phone`, width: '150px', cell: (row) => row.phone ?? NOTHING },
    { key: 'domain', title: t`Domain`, width: '170px', sort: 'domain', cell: (row) => row.domain ?? NOTHING },
    { key: 'country', title: t`Country`, width: '96px', sort: 'country', cell: (row) => row.country ?? NOTHING },
    { key: 'city', title: t`City`, width: '130px', sort: 'city', cell: (row) => row.city ?? NOTHING },
    { key: 'postalCode', title: t`Postal code`, width: '110px', cell: (row) => row.postalCode ?? NOTHING },
    { key: 'industry', title: t`Industry`, width: '140px', sort: 'industry', cell: (row) => row.industry ?? NOTHING },
    { key: 'employees', title: t`Employees`, width: '110px', number: true, sort: 'employees', cell: (row) => count(row.employees) },
    { key: 'revenue', title: t`Revenue`, width: '150px', number: true, sort: 'revenue', cell: (row) => money(row.revenue, currency) },
    { key: 'score', title: t`Score`, width: '84px', number: true, sort: 'score', cell: (row) => count(row.score) },
    { key: 'isTarget', title: t`Target`, width: '84px', cell: (row) => (row.isTarget ? '✓' : NOTHING) },
    { key: 'tags', title: t`Tags`, width: '190px', cell: (row) => row.tags.map((tag) => <span key={tag} className="badge" style={{ marginRight: 4 }}>{tag}</span>) },
    { key: 'createdAt', title: t`Created`, width: '130px', sort: 'createdAt', cell: (row) => <span title={moment(row.createdAt)}>{ago(row.createdAt)}</span> },
    { key: 'updatedAt', title: t`Last change`, width: '130px', sort: 'updatedAt', cell: (row) => <span title={moment(row.updatedAt)}>{ago(row.updatedAt)}</span> },
    ...own.map((field): Column<Row> => ({
      key: field.name, title: field.label, width: '150px', ...(field.type !== 'STRING_LIST' && { sort: field.name }),
      ...(field.type === 'NUMBER' && { number: true }), cell: (row) => show((row.attributes as Record<string, unknown>)[field.name]),
    })),
  ];
}

export default function MembersPage(): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [, go] = useLocation();
  const [one, many, change] = useAddress();
  const kind = (KINDS.includes(one('kind') as MemberKind) ? one('kind') : 'PERSON') as MemberKind;
  const search = one('search');
  const criteria = one('where');
  const [text, setText] = useState(criteria);
  const [asked, setAsked] = useState<'new' | 'tag' | 'add' | 'erase' | 'segment' | null>(null);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  useTitle(t`Members`);
  const reading = useCriteria(kind, text);
  const read = useCriteria(kind, criteria);
  const [field, direction] = one('sort').split(':');
  const pages = usePages(
    MembersDocument,
    { kind, first: PAGE, search: search || null, where: read.criteria, orderBy: field ? { field, direction: direction === 'DESC' ? 'DESC' : 'ASC' } : null },
    (data) => data.members, { refreshedBy: TOPICS, pause: Boolean(criteria) && !read.criteria },
  );
  const columns = useColumns(kind);
  const shown = many('columns').length ? many('columns') : STANDARD;
  const rows = pages.rows.filter((row) => row.kind === kind);
  const chosen = rows.filter((row) => selected.has(row.id));
  const nameOf = (row: Row): string => row.name ?? row.externalId;
  const done = (): void => { setSelected(new Set()); pages.again(); };
  const nameColumn: Column<Row> = {
    key: 'name', title: t`Name`, width: 'minmax(200px, 1.6fr)', sort: 'name',
    cell: (row) => <Link href={`/members/${row.id}`} className="name" title={nameOf(row)}>{nameOf(row)}</Link>,
  };
  return (
    <>
      <PageHead title={<Trans>Members</Trans>}>
        {mayWrite(viewer) && <button type="button" className="button primary" onClick={() => setAsked('new')}><Icon name="plus" /><Trans>New member</Trans></button>}
      </PageHead>
      <Tabs label={t`Kinds of members`} tabs={KINDS.map((name) => ({ key: name, href: `/members?kind=${name}`, text: word(name), current: name === kind }))} />
      <div className="row">
        <Search key={`${kind}${search ? 'kept' : 'none'}`} label={t`Search members`} value={search} onChange={(words) => change({ search: words })} />
        <Below text={<>{t`Criteria`}{criteria && <span className="badge accent">1</span>}</>} label={t`Criteria`}>
          <form
            className="stack tight" style={{ width: 'min(26rem, 84vw)' }}
            onSubmit={(event) => { event.preventDefault(); if (!text.trim() || reading.criteria) change({ where: text.trim() }); }}
          >
            <Field label={t`Show members that match`} wrong={reading.wrong} hint={reading.sentence ?? t`For example country = 'DE' AND score > 50`}>
              {(ids) => <textarea {...ids} rows={3} spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />}
            </Field>
            <div className="row">
              <button type="submit" className="button primary small" disabled={Boolean(text.trim()) && !reading.criteria}><Trans>Apply</Trans></button>
              {criteria && <button type="button" className="button small" onClick={() => { setText(''); change({ where: '' }); }}><Trans>Remove</Trans></button>}
              {reading.memberCount != null && <span className="muted small"><Plural value={reading.memberCount} one="# member" other="# members" /></span>}
            </div>
          </form>
        </Below>
        <SavedViews list="MEMBERS" />
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
        {criteria && read.criteria && mayWrite(viewer) && <button type="button" className="button" onClick={() => setAsked('segment')}><Trans>Save as a segment</Trans></button>}
        <span className="muted small" role="status">{pages.totalCount != null && <Plural value={pages.totalCount} one="# member" other="# members" />}</span>
      </div>
      {criteria && <p className={read.wrong ? 'note bad' : 'note'}>{read.wrong ?? read.sentence ?? <Trans>Loading</Trans>}</p>}
      {pages.error && <Failed error={pages.error} again={pages.again} />}
      <div className="card">
        {chosen.length > 0 && (
          <div className="bulk" role="toolbar" aria-label={t`Selected members`}>
            <strong><Plural value={chosen.length} one="# selected" other="# selected" /></strong>
            {mayWrite(viewer) && <button type="button" className="button small" onClick={() => setAsked('tag')}><Trans>Tags</Trans></button>}
            {mayWrite(viewer) && <button type="button" className="button small" onClick={() => setAsked('add')}><Trans>Add to segments</Trans></button>}
            {may(viewer, 'ERASE_MEMBERS') && <button type="button" className="button small" onClick={() => setAsked('erase')}><Trans>Erase</Trans></button>}
            <button type="button" className="button small plain" onClick={() => setSelected(new Set())}><Trans>Select none</Trans></button>
          </div>
        )}
        {rows.length > 0 ? (
          <Grid
            label={t`Members`} rows={rows} idOf={(row) => row.id} nameOf={nameOf} total={pages.totalCount}
            columns={[nameColumn, ...columns.filter((column) => shown.includes(column.key))]}
            hasMore={pages.hasMore} more={pages.more} selected={selected} onSelect={setSelected} onOpen={(row) => go(`/members/${row.id}`)}
            sort={one('sort')} onSort={(sort) => change({ sort })}
          />
        ) : pages.isFetching && !read.wrong ? <div style={{ padding: '1rem' }}><Loading rows={6} /></div> : !pages.error && (
          <Empty title={search || criteria ? <Trans>No member matches</Trans> : <Trans>There are no members of this kind yet</Trans>}>
            {search || criteria ? (
              <button type="button" className="button" onClick={() => { setText(''); change({ search: '', where: '' }); }}><Trans>Remove search and criteria</Trans></button>
            ) : <p><Trans>Members come from a file, from your own programs through the API, or are written here one by one.</Trans></p>}
          </Empty>
        )}
      </div>
      {asked === 'new' && <MemberForm kind={kind} onClose={() => setAsked(null)} onDone={pages.again} />}
      {asked === 'tag' && <AskTags members={chosen} onClose={() => setAsked(null)} onDone={done} />}
      {asked === 'add' && <AddToSegment kind={kind} members={chosen} onClose={() => setAsked(null)} onDone={done} />}
      {asked === 'erase' && <Erase members={chosen} onClose={() => setAsked(null)} onDone={done} />}
      {asked === 'segment' && <SaveAsSegment kind={kind} criteriaText={criteria} onClose={() => setAsked(null)} />}
    </>
  );
}

import { Plural, Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';

import { usePages } from '../../api/pages';
import { PlaybooksDocument } from '../../api/playbooks';
import { mayWrite, useViewer } from '../../api/viewer';
import { ago, moment, NOTHING } from '../../format';
import type { PlaybooksQuery, PlaybookStatus } from '../../gql/graphql';
import { useAddress } from '../../url';
import { KINDS, useTitle } from '../../ui/editing';
import { Grid, type Column } from '../../ui/grid';
import { Icon } from '../../ui/icon';
import { Below, Empty, Failed, Loading, PageHead, Search, Several, Status, Tabs } from '../../ui/parts';
import { word } from '../../words';

type Row = PlaybooksQuery['playbooks']['nodes'][number];
const STATUSES: readonly PlaybookStatus[] = ['ACTIVE', 'PAUSED'];

export default function PlaybooksPage(): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [, go] = useLocation();
  const [one, many, change] = useAddress();
  const status = STATUSES.find((name) => name === one('status'));
  const kinds = KINDS.filter((kind) => many('kind').includes(kind));
  const search = one('search');
  useTitle(t`Playbooks`);
  const pages = usePages(
    PlaybooksDocument, { first: 50, search: search || null, kinds: kinds.length ? kinds : null, statuses: status ? [status] : null },
    (data) => data.playbooks, { refreshedBy: ['PLAYBOOK_CHANGED'] },
  );
  const rows = pages.rows.filter((row) => !status || row.status === status);
  const columns: Column<Row>[] = [
    { key: 'name', title: t`Name`, width: 'minmax(220px, 1.5fr)', cell: (row) => <Link href={`/playbooks/${row.id}`} className="name" title={row.name}>{row.name}</Link> },
    { key: 'status', title: t`Status`, width: '96px', cell: (row) => <Status of={row.status} /> },
    { key: 'kind', title: t`Members are`, width: '120px', cell: (row) => word(row.kind) },
    { key: 'when', title: t`Conditions`, width: 'minmax(260px, 2fr)', cell: (row) => <span title={row.criteriaSentence ?? ''}>{row.criteriaSentence ?? NOTHING}</span> },
    { key: 'to', title: t`Adds to`, width: 'minmax(160px, 1fr)', cell: (row) => row.segments.map((segment) => segment.name).join(', ') },
    { key: 'changed', title: t`Last change`, width: '180px', cell: (row) => <span title={moment(row.lastModifiedAt)}>{ago(row.lastModifiedAt)}{row.createdBy && `, ${row.createdBy.name}`}</span> },
  ];
  return (
    <>
      <PageHead title={<Trans>Playbooks</Trans>}>
        {mayWrite(viewer) && <Link href="/playbooks/new" className="button primary"><Icon name="plus" /><Trans>New playbook</Trans></Link>}
      </PageHead>
      <Tabs
        label={t`Status of playbooks`}
        tabs={[{ key: 'all', href: '/playbooks', text: t`All`, current: !status }, ...STATUSES.map((name) => ({ key: name, href: `/playbooks?status=${name}`, text: word(name), current: name === status }))]}
      />
      <div className="row">
        <Search key={`${status}${search ? 'kept' : 'none'}`} label={t`Search playbooks`} value={search} onChange={(text) => change({ search: text })} />
        <Below text={<>{t`Filters`}{kinds.length > 0 && <span className="badge accent">{kinds.length}</span>}</>} label={t`Filters`}>
          <Several legend={t`Members are`} values={kinds} options={KINDS} onChange={(kind) => change({ kind })} />
        </Below>
        <span className="muted small" role="status">{pages.totalCount != null && <Plural value={pages.totalCount} one="# playbook" other="# playbooks" />}</span>
      </div>
      {pages.error && <Failed error={pages.error} again={pages.again} />}
      <div className="card">
        {rows.length > 0 ? (
          <Grid label={t`Playbooks`} rows={rows} columns={columns} idOf={(row) => row.id} nameOf={(row) => row.name} total={pages.totalCount} hasMore={pages.hasMore} more={pages.more} onOpen={(row) => go(`/playbooks/${row.id}`)} />
        ) : pages.isFetching ? <div style={{ padding: '1rem' }}><Loading rows={6} /></div> : !pages.error && (
          <Empty title={search || status || kinds.length ? <Trans>No playbook matches</Trans> : <Trans>There are no playbooks yet</Trans>}>
            {search || status || kinds.length ? <Link href="/playbooks" className="button"><Trans>Show all playbooks</Trans></Link> : (
              <>
                <p><Trans>A playbook adds members to segments by itself, as long as they meet its conditions.</Trans></p>
                {mayWrite(viewer) && <Link href="/playbooks/new" className="button primary"><Trans>Write a playbook</Trans></Link>}
              </>
            )}
          </Empty>
        )}
      </div>
    </>
  );
}

import { Plural, Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';

import { CampaignsDocument } from '../../api/campaigns';
import { usePages } from '../../api/pages';
import { mayWrite, useViewer } from '../../api/viewer';
import { count, day, money, NOTHING, percent } from '../../format';
import type { CampaignsQuery, CampaignStatus } from '../../gql/graphql';
import { useAddress } from '../../url';
import { useTitle } from '../../ui/editing';
import { Grid, type Column } from '../../ui/grid';
import { Icon } from '../../ui/icon';
import { Empty, Failed, Loading, PageHead, Search, Status, Tabs } from '../../ui/parts';
import { word } from '../../words';

type Row = CampaignsQuery['campaigns']['nodes'][number];
const STATUSES: readonly CampaignStatus[] = ['DRAFT', 'ACTIVE', 'PAUSED', 'COMPLETED'];

export default function CampaignsPage(): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const { currency } = viewer.workspace;
  const [, go] = useLocation();
  const [one, , change] = useAddress();
  const status = STATUSES.find((name) => name === one('status'));
  const search = one('search');
  useTitle(t`Campaigns`);
  const pages = usePages(
    CampaignsDocument, { first: 50, search: search || null, statuses: status ? [status] : null }, (data) => data.campaigns,
    { refreshedBy: ['CAMPAIGN_CHANGED', 'METRICS_CHANGED', 'REACH_READY'] },
  );
  const rows = pages.rows.filter((row) => !status || row.status === status);
  const columns: Column<Row>[] = [
    { key: 'name', title: t`Name`, width: 'minmax(220px, 2fr)', cell: (row) => <Link href={`/campaigns/${row.id}`} className="name" title={row.name}>{row.name}</Link> },
    { key: 'status', title: t`Status`, width: '110px', cell: (row) => <Status of={row.status} /> },
    { key: 'channel', title: t`Channel`, width: '110px', cell: (row) => word(row.channel) },
    { key: 'segments', title: t`Segments`, width: 'minmax(160px, 1fr)', cell: (row) => row.segments.map((segment) => segment.name).join(', ') || NOTHING },
    { key: 'audience', title: t`Audience`, width: '96px', number: true, cell: (row) => count(row.audience.memberCount) },
    { key: 'reach', title: t`Reach`, width: '84px', number: true, cell: (row) => count(row.audience.reach) },
    { key: 'spend', title: t`Spend`, width: '110px', number: true, cell: (row) => money(row.metrics.totals.spend, currency) },
    { key: 'clicks', title: t`Clicks`, width: '90px', number: true, cell: (row) => count(row.metrics.totals.clicks) },
    { key: 'ctr', title: t`Click rate`, width: '96px', number: true, cell: (row) => percent(row.metrics.totals.ctr, 2) },
    { key: 'days', title: t`Runs`, width: '200px', cell: (row) => (row.startsOn || row.endsOn ? `${day(row.startsOn)} – ${day(row.endsOn)}` : NOTHING) },
  ];
  return (
    <>
      <PageHead title={<Trans>Campaigns</Trans>}>
        {mayWrite(viewer) && <Link href="/campaigns/new" className="button primary"><Icon name="plus" /><Trans>New campaign</Trans></Link>}
      </PageHead>
      <Tabs
        label={t`Status of campaigns`}
        tabs={[{ key: 'all', href: '/campaigns', text: t`All`, current: !status }, ...STATUSES.map((name) => ({ key: name, href: `/campaigns?status=${name}`, text: word(name), current: name === status }))]}
      />
      <div className="row">
        <Search key={`${status}${search ? 'kept' : 'none'}`} label={t`Search campaigns`} value={search} onChange={(text) => change({ search: text })} />
        <span className="muted small" role="status">{pages.totalCount != null && <Plural value={pages.totalCount} one="# campaign" other="# campaigns" />}</span>
      </div>
      {pages.error && <Failed error={pages.error} again={pages.again} />}
      <div className="card">
        {rows.length > 0 ? (
          <Grid label={t`Campaigns`} rows={rows} columns={columns} idOf={(row) => row.id} nameOf={(row) => row.name} total={pages.totalCount} hasMore={pages.hasMore} more={pages.more} onOpen={(row) => go(`/campaigns/${row.id}`)} />
        ) : pages.isFetching ? <div style={{ padding: '1rem' }}><Loading rows={6} /></div> : !pages.error && (
          <Empty title={search || status ? <Trans>No campaign matches</Trans> : <Trans>There are no campaigns yet</Trans>}>
            {search || status ? <Link href="/campaigns" className="button"><Trans>Show all campaigns</Trans></Link> : (
              <>
                <p><Trans>A campaign contacts the members of some segments, without those of others, and collects what came of it.</Trans></p>
                {mayWrite(viewer) && <Link href="/campaigns/new" className="button primary"><Trans>Plan a campaign</Trans></Link>}
              </>
            )}
          </Empty>
        )}
      </div>
    </>
  );
}

import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState, type ReactNode } from 'react';
import { useQuery } from 'urql';

import { useSegmentEvents } from '../../api/events';
import { usePages } from '../../api/pages';
import { useViewer } from '../../api/viewer';
import { ago, count, money, moment, percent } from '../../format';
import { graphql } from '../../gql';
import type { SegmentDetailQuery, SegmentMembersQuery } from '../../gql/graphql';
import { useAddress } from '../../url';
import { Grid, type Column } from '../../ui/grid';
import { Actions, Card, Empty, Failed, Figure, Loading, PageHead, Search, Status } from '../../ui/parts';
import { word } from '../../words';
import { ReachOf } from '../segments/list';
import { Dependents, useSteps } from '../segments/steps';

const DetailDocument = graphql(`
  query SegmentDetail($id: ID!) {
    segment(id: $id) {
      ...LiveSegment
      kind
      origin
      description
      criteriaSentence
      criteriaText
      createdAt
      createdBy {
        id
        name
      }
      reach {
        waterfallEmail: waterfall(channel: EMAIL) {
          reason
          remaining
          dropped
        }
        waterfallMail: waterfall(channel: DIRECT_MAIL) {
          reason
          remaining
          dropped
        }
      }
      freshness {
        asOf
        pendingChanges
      }
      sources {
        kind
        memberCount
        blockedCount
      }
      value {
        revenue
        orders
        averageOrderValue
        customerLifetimeValue
      }
      metrics {
        totals {
          spend
          impressions
          clicks
          ctr
          cpc
        }
      }
      sizeHistory(interval: DAY) {
        at
        memberCount
        entered
        exited
      }
      runs(first: 10) {
        nodes {
          id
          trigger
          status
          startedAt
          memberCount
          entered
          exited
          error {
            message
          }
        }
      }
    }
  }
`);

const MembersDocument = graphql(`
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
          id
          externalId
          name
          email
          country
          city
          industry
          employees
          score
          tags
        }
      }
    }
  }
`);

type Detail = NonNullable<SegmentDetailQuery['segment']>;
type MemberRow = NonNullable<SegmentMembersQuery['segment']>['members']['nodes'][number];

export default function SegmentPage({ id }: { id: string }): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [{ data, error, fetching }, again] = useQuery({ query: DetailDocument, variables: { id } });
  const { actionsOf, dialog } = useSteps();
  const segment = data?.segment;
  useEffect(() => { document.title = `${segment?.name ?? t`Segment`} – seggraph`; }, [segment?.name, t]);
  useSegmentEvents((event) => {
    const numbers = event.__typename === 'ReachChanged' || event.__typename === 'MembershipChanged' || event.__typename === 'SegmentDeleted';
    if (event.segment.id === id && numbers) again({ requestPolicy: 'network-only' });
  });
  if (!segment) {
    if (error) return <Failed error={error} again={() => again({ requestPolicy: 'network-only' })} />;
    if (fetching) return <Loading />;
    return <Empty title={<Trans>There is no such segment</Trans>}><p><Trans>It was deleted, or you may not see it.</Trans></p></Empty>;
  }
  const { currency } = viewer.workspace;
  const { value, metrics: { totals }, freshness } = segment;
  return (
    <>
      <PageHead
        title={segment.name}
        below={<div className="row"><Status of={segment.status} /><span className="badge">{word(segment.type)}</span><span className="badge">{word(segment.kind)}</span>{segment.purpose && <span className="badge accent">{word(segment.purpose)}</span>}{segment.description}</div>}
      >
        <Actions label={t`Actions for ${segment.name}`} text={t`Actions`} actions={actionsOf(segment)} />
      </PageHead>
      {error && <Failed error={error} again={() => again({ requestPolicy: 'network-only' })} />}
      <div className="figures">
        <Figure label={<Trans>Members</Trans>}>{count(segment.memberCount)}</Figure>
        <Figure label={<Trans>Reach</Trans>}><ReachOf row={segment} /></Figure>
        <Figure label={<Trans>Email</Trans>}>{count(segment.reach.email)}</Figure>
        <Figure label={<Trans>Direct mail</Trans>}>{count(segment.reach.directMail)}</Figure>
        <Figure label={<Trans>Revenue</Trans>}>{money(value.revenue, currency)}</Figure>
        <Figure label={<Trans>Average order</Trans>}>{money(value.averageOrderValue, currency)}</Figure>
        <Figure label={<Trans>Spend</Trans>}>{money(totals.spend, currency)}</Figure>
        <Figure label={<Trans>Click rate</Trans>}>{percent(totals.ctr, 2)}</Figure>
      </div>
      <p className="muted small">
        <Trans>As of {moment(freshness.asOf)}.</Trans>{' '}
        {freshness.pendingChanges > 0 && <Plural value={freshness.pendingChanges} one="# change waits." other="# changes wait." />}{' '}
        <Trans>{word(segment.lastAction)} {ago(segment.lastModifiedAt)}</Trans>{segment.lastModifiedBy && `, ${segment.lastModifiedBy.name}`}
      </p>
      <div className="halves">
        <Card title={<Trans>Who is in it</Trans>}>
          <div className="stack tight">
            <p className="sentence">{segment.criteriaSentence ?? <Trans>Members that were added or imported, without criteria.</Trans>}</p>
            {segment.criteriaText && <pre style={{ whiteSpace: 'pre-wrap', margin: 0 }}>{segment.criteriaText}</pre>}
            <ul style={{ margin: 0, paddingLeft: '1.2rem' }}>
              {segment.sources.map((source, index) => <li key={index}>{word(source.kind)}: {count(source.memberCount)}</li>)}
            </ul>
          </div>
        </Card>
        <Card title={<Trans>Why the reach is smaller</Trans>}>
          <div className="stack">
            <Waterfall name={t`Email`} steps={segment.reach.waterfallEmail} />
            <Waterfall name={t`Direct mail`} steps={segment.reach.waterfallMail} />
          </div>
        </Card>
        <Card title={<Trans>Size by day</Trans>} bare><History points={segment.sizeHistory} /></Card>
        <Card title={<Trans>What depends on it</Trans>}><Dependents id={id} /></Card>
      </div>
      <Members id={id} />
      <Card title={<Trans>Last computations</Trans>} bare>
        <div className="scroll">
          <table>
            <thead><tr><th><Trans>Started</Trans></th><th><Trans>Status</Trans></th><th><Trans>Cause</Trans></th><th className="number"><Trans>Members</Trans></th><th className="number"><Trans>Entered</Trans></th><th className="number"><Trans>Exited</Trans></th></tr></thead>
            <tbody>
              {segment.runs.nodes.map((run) => (
                <tr key={run.id}>
                  <td>{moment(run.startedAt)}</td><td><Status of={run.status} /> {run.error?.message}</td><td>{word(run.trigger)}</td>
                  <td className="number">{count(run.memberCount)}</td><td className="number">{count(run.entered)}</td><td className="number">{count(run.exited)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Card>
      {dialog}
    </>
  );
}

export function Waterfall({ name, steps }: { name: string; steps: Detail['reach']['waterfallEmail'] }): ReactNode {
  const whole = (steps[0]?.remaining ?? 0) || 1;
  return (
    <div className="steps">
      <h3>{name}</h3>
      {steps.length === 0 && <p className="muted"><Trans>It is not computed yet.</Trans></p>}
      {steps.map((step) => (
        <div key={step.reason} className="step">
          <span>{word(step.reason)}</span>
          <span className="track"><i style={{ width: `${(100 * step.remaining) / whole}%` }} /><u style={{ width: `${(100 * step.dropped) / whole}%` }} /></span>
          <span className="number">{step.reason === 'MEMBERS' ? count(step.remaining) : `−${count(step.dropped)}`}</span>
        </div>
      ))}
    </div>
  );
}

function History({ points }: { points: Detail['sizeHistory'] }): ReactNode {
  if (!points.length) return <div className="body muted"><Trans>There is no history yet.</Trans></div>;
  return (
    <div className="scroll" tabIndex={0} style={{ maxHeight: '16rem', overflow: 'auto' }}>
      <table>
        <thead><tr><th><Trans>Day</Trans></th><th className="number"><Trans>Members</Trans></th><th className="number"><Trans>Entered</Trans></th><th className="number"><Trans>Exited</Trans></th></tr></thead>
        <tbody>
          {points.toReversed().map((point) => (
            <tr key={point.at}><td>{moment(point.at)}</td><td className="number">{count(point.memberCount)}</td><td className="number">{count(point.entered)}</td><td className="number">{count(point.exited)}</td></tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Members({ id }: { id: string }): ReactNode {
  const { t } = useLingui();
  const [one, , change] = useAddress();
  const [field, direction] = one('sort').split(':');
  const [refresh, setRefresh] = useState(0);
  const pages = usePages(
    MembersDocument,
    { id, first: 100, search: one('search') || null, orderBy: field ? { field, direction: direction === 'DESC' ? 'DESC' : 'ASC' } : null },
    (data) => data.segment?.members,
  );
  useSegmentEvents((event) => {
    if (event.__typename === 'MembershipChanged' && event.segment.id === id) setRefresh((old) => old + 1);
  });
  const columns: Column<MemberRow>[] = [
    { key: 'name', title: t`Name`, width: 'minmax(220px, 2fr)', sort: 'name', cell: (row) => row.name ?? row.externalId },
    { key: 'email', title: t`Email`, width: 'minmax(200px, 1.5fr)', cell: (row) => row.email ?? '–' },
    { key: 'country', title: t`Country`, width: '100px', sort: 'country', cell: (row) => row.country ?? '–' },
    { key: 'city', title: t`City`, width: '150px', cell: (row) => row.city ?? '–' },
    { key: 'industry', title: t`Industry`, width: '150px', cell: (row) => row.industry ?? '–' },
    { key: 'employees', title: t`Employees`, width: '110px', number: true, sort: 'employees', cell: (row) => count(row.employees) },
    { key: 'score', title: t`Score`, width: '90px', number: true, sort: 'score', cell: (row) => count(row.score) },
    { key: 'tags', title: t`Tags`, width: '180px', cell: (row) => row.tags.join(', ') },
  ];
  return (
    <Card
      title={<Trans>Members</Trans>} bare
      side={<>{refresh > 0 && <button type="button" className="button small" onClick={() => { setRefresh(0); pages.again(); }}><Trans>Show who entered and left</Trans></button>}<Search label={t`Search members`} value={one('search')} onChange={(search) => change({ search })} /></>}
    >
      {pages.error && <Failed error={pages.error} again={pages.again} />}
      {pages.rows.length > 0 ? (
        <Grid
          label={t`Members`} rows={pages.rows} columns={columns} idOf={(row) => row.id} nameOf={(row) => row.name ?? row.externalId}
          total={pages.totalCount} hasMore={pages.hasMore} more={pages.more} sort={one('sort')} onSort={(sort) => change({ sort })}
        />
      ) : pages.isFetching ? <div className="body"><Loading /></div> : <Empty title={<Trans>No members</Trans>} />}
    </Card>
  );
}

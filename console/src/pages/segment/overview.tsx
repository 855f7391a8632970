// What a segment is worth and how it moves: spend and clicks of its campaigns, customer value, size and reach.
import { Trans, useLingui } from '@lingui/react/macro';
import { lazy, Suspense, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';

import { useLiveEvents, useSegmentEvents } from '../../api/events';
import { mayWrite, useViewer } from '../../api/viewer';
import { count, money, moment, NOTHING, percent } from '../../format';
import { graphql } from '../../gql';
import type { SegmentOverviewQuery } from '../../gql/graphql';
import { Choices } from '../../ui/choices';
import { Card, Empty, Failed, Figure, Loading } from '../../ui/parts';
import { useAddress } from '../../url';
import { ReachOf } from '../segments/list';
import { Dependents } from '../segments/steps';
import { Waterfall } from './waterfall';

const Chart = lazy(() => import('../../ui/chart'));

const OverviewDocument = graphql(`
  query SegmentOverview($id: ID!, $day: Date!, $since: DateTime!, $interval: HistoryInterval!) {
    segment(id: $id) {
      id
      name
      kind
      memberCount
      campaignCount
      criteriaSentence
      criteriaText
      reach {
        status
        total
        email
        directMail
        sms
        phone
        push
        asOf
        progress
        error {
          code
          message
          at
        }
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
        waterfallSms: waterfall(channel: SMS) {
          reason
          remaining
          dropped
        }
        waterfallPhone: waterfall(channel: PHONE) {
          reason
          remaining
          dropped
        }
      }
      value {
        revenue
        orders
        averageOrderValue
        customerLifetimeValue
        orderLatencyDays
        asOf
      }
      metrics(from: $day) {
        totals {
          spend
          impressions
          clicks
          conversions
          ctr
          cpc
          campaignCount
        }
        series(interval: $interval) {
          day
          spend
          impressions
          clicks
          ctr
          cpc
        }
        byCampaign {
          campaign {
            id
            name
            status
          }
          totals {
            spend
            impressions
            clicks
            ctr
            cpc
          }
        }
      }
      sizeHistory(from: $since, interval: $interval) {
        at
        memberCount
        entered
        exited
      }
    }
  }
`);

type Overview = NonNullable<SegmentOverviewQuery['segment']>;

const SPANS = { '30': 'DAY', '90': 'DAY', '365': 'WEEK' } as const;
type Span = keyof typeof SPANS;
const METRICS = ['spend', 'impressions', 'clicks', 'ctr', 'cpc'] as const;
type Metric = (typeof METRICS)[number];

/** The first day of a span that ends today. */
function dayBefore(days: number): string {
  const day = new Date();
  day.setUTCDate(day.getUTCDate() - days + 1);
  return day.toISOString().slice(0, 10);
}

export function OverviewTab({ id }: { id: string }): ReactNode {
  const { t } = useLingui();
  const [one, , change] = useAddress();
  const span = (one('days') in SPANS ? one('days') : '30') as Span;
  const day = dayBefore(Number(span));
  const [{ data, error, fetching }, again] = useQuery({ query: OverviewDocument, variables: { id, day, since: `${day}T00:00:00Z`, interval: SPANS[span] } });
  const refresh = (): void => again({ requestPolicy: 'network-only' });
  useLiveEvents(['METRICS_CHANGED', 'CAMPAIGN_CHANGED'], refresh);
  useSegmentEvents((event) => {
    if (event.segment.id === id && (event.__typename === 'ReachChanged' || event.__typename === 'MembershipChanged')) refresh();
  });
  const segment = data?.segment;
  if (!segment) return error ? <Failed error={error} again={refresh} /> : fetching ? <Loading rows={6} /> : null;
  const spans = <Choices label={t`Time shown`} value={span} options={[['30', t`30 days`], ['90', t`90 days`], ['365', t`1 year`]]} onChange={(days) => change({ days })} />;
  return (
    <>
      {error && <Failed error={error} again={refresh} />}
      <div className="figures">
        <Figure label={<Trans>Members</Trans>}>{count(segment.memberCount)}</Figure>
        <Figure label={<Trans>Reach</Trans>}><ReachOf row={segment} /></Figure>
        <Figure label={<Trans>Email</Trans>}>{count(segment.reach.email)}</Figure>
        <Figure label={<Trans>Direct mail</Trans>}>{count(segment.reach.directMail)}</Figure>
        <Figure label={<Trans>SMS</Trans>}>{count(segment.reach.sms)}</Figure>
        <Figure label={<Trans>Phone</Trans>}>{count(segment.reach.phone)}</Figure>
        <Figure label={<Trans>Push</Trans>}>{count(segment.reach.push)}</Figure>
      </div>
      <div className="overview">
        <Card title={<Trans>Size</Trans>} side={spans}><Size points={segment.sizeHistory} /></Card>
        <Performance segment={segment} />
        <Card title={<Trans>Who is in it</Trans>}>
          <div className="stack tight">
            <p className="sentence">{segment.criteriaSentence ?? <Trans>Members that were added or imported, without criteria.</Trans>}</p>
            {segment.criteriaText && <details><summary><Trans>As text</Trans></summary><pre style={{ whiteSpace: 'pre-wrap', margin: '0.5rem 0 0' }}>{segment.criteriaText}</pre></details>}
          </div>
        </Card>
        <Value segment={segment} />
        <Card title={<Trans>What depends on it</Trans>}><Dependents id={id} /></Card>
        <Card title={<Trans>Why the reach is smaller</Trans>}>
          <div className="waterfalls">
            <Waterfall name={t`Email`} steps={segment.reach.waterfallEmail} />
            <Waterfall name={t`Direct mail`} steps={segment.reach.waterfallMail} />
            <Waterfall name={t`SMS`} steps={segment.reach.waterfallSms} />
            <Waterfall name={t`Phone`} steps={segment.reach.waterfallPhone} />
          </div>
        </Card>
      </div>
    </>
  );
}

function Size({ points }: { points: Overview['sizeHistory'] }): ReactNode {
  const { t } = useLingui();
  if (!points.length) return <Empty title={<Trans>There is no history yet</Trans>}><p><Trans>It begins when the segment is computed for the first time.</Trans></p></Empty>;
  const whole = (value: number | null): string => count(value);
  const signed = (value: number | null): string => (value ? `${value > 0 ? '+' : '−'}${count(Math.abs(value))}` : count(value));
  return (
    <Suspense fallback={<Loading />}>
      <Chart
        label={t`Size over time`} times={points.map((point) => point.at)}
        panes={[
          { height: 170, series: [{ label: t`Members`, tone: 'accent', as: 'area', values: points.map((point) => point.memberCount), text: whole }] },
          {
            height: 110, series: [
              { label: t`Entered`, tone: 'good', as: 'bars', values: points.map((point) => point.entered), text: signed },
              { label: t`Exited`, tone: 'bad', as: 'bars', values: points.map((point) => (point.exited ? -point.exited : 0)), text: signed },
            ],
          },
        ]}
      />
    </Suspense>
  );
}

function Performance({ segment }: { segment: Overview }): ReactNode {
  const { t } = useLingui();
  const [one, , change] = useAddress();
  const viewer = useViewer();
  const { currency } = viewer.workspace;
  const { totals, series, byCampaign } = segment.metrics;
  const metric = (METRICS.includes(one('metric') as Metric) ? one('metric') : 'spend') as Metric;
  const texts: Record<Metric, string> = { spend: t`Spend`, impressions: t`Impressions`, clicks: t`Clicks`, ctr: t`Click rate`, cpc: t`Cost per click` };
  const text = (name: Metric, value: string | number | null | undefined): string => {
    if (value == null) return NOTHING;
    if (name === 'spend' || name === 'cpc') return money(String(value), currency);
    return name === 'ctr' ? percent(Number(value), 2) : count(Number(value));
  };
  return (
    <Card title={<Trans>Campaigns</Trans>} side={<span className="muted small"><Trans>in the time shown</Trans></span>}>
      <div className="stack">
        <div className="figures small-figures">
          <Figure label={t`Campaigns`}>{count(totals.campaignCount)}</Figure>
          {METRICS.map((name) => <Figure key={name} label={texts[name]}>{text(name, totals[name])}</Figure>)}
        </div>
        {series.length ? (
          <>
            <Choices label={t`Number shown`} value={metric} options={METRICS.map((name) => [name, texts[name]] as const)} onChange={(next) => change({ metric: next })} />
            <Suspense fallback={<Loading />}>
              <Chart
                label={texts[metric]} times={series.map((point) => `${point.day}T00:00:00Z`)}
                panes={[{ height: 190, series: [{ label: texts[metric], tone: 'accent', as: metric === 'ctr' || metric === 'cpc' ? 'line' : 'bars', values: series.map((point) => (point[metric] == null ? null : Number(point[metric]))), text: (value) => text(metric, value) }] }]}
              />
            </Suspense>
          </>
        ) : (
          <p className="muted uses">
            {segment.campaignCount ? <Trans>Its campaigns have no numbers in this time.</Trans> : <Trans>No campaign addresses this segment.</Trans>}{' '}
            {mayWrite(viewer) && <Link href="/imports/report"><Trans>Import a report of ads</Trans></Link>}
          </p>
        )}
        {byCampaign.length > 0 && (
          <div className="scroll" tabIndex={0} role="group" aria-label={t`Numbers by campaign`}>
            <table>
              <thead><tr><th><Trans>Campaign</Trans></th>{METRICS.map((name) => <th key={name} className="number">{texts[name]}</th>)}</tr></thead>
              <tbody>{byCampaign.map(({ campaign, totals: own }) => <tr key={campaign.id}><td className="named"><Link href={`/campaigns/${campaign.id}`}>{campaign.name}</Link></td>{METRICS.map((name) => <td key={name} className="number">{text(name, own[name])}</td>)}</tr>)}</tbody>
            </table>
          </div>
        )}
      </div>
    </Card>
  );
}

function Value({ segment }: { segment: Overview }): ReactNode {
  const { currency } = useViewer().workspace;
  const { value } = segment;
  return (
    <Card title={<Trans>Customer value</Trans>} side={value.asOf && <span className="muted small"><Trans>As of {moment(value.asOf)}</Trans></span>}>
      {value.orders === 0 ? <p className="muted"><Trans>Its members have no orders. Orders come by events, or from a file.</Trans></p> : (
        <div className="figures small-figures">
          <Figure label={<Trans>Revenue</Trans>}>{money(value.revenue, currency)}</Figure>
          <Figure label={<Trans>Orders</Trans>}>{count(value.orders)}</Figure>
          <Figure label={<Trans>Average order</Trans>}>{money(value.averageOrderValue, currency)}</Figure>
          <Figure label={<Trans>Lifetime value</Trans>}>{money(value.customerLifetimeValue, currency)}</Figure>
          <Figure label={<Trans>Days between orders</Trans>}>{value.orderLatencyDays == null ? NOTHING : count(Math.round(value.orderLatencyDays))}</Figure>
        </div>
      )}
    </Card>
  );
}

// One campaign: whom it contacts, what it did, and what it does next.
import { Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link, useLocation } from 'wouter';

import { useAct } from '../../api/acts';
import { CampaignDocument, DeleteCampaignDocument, NEXT, RecordMetricsDocument, SetStatusDocument } from '../../api/campaigns';
import { useLiveEvents } from '../../api/events';
import { may, mayWrite, useViewer } from '../../api/viewer';
import { ago, count, day, moment, money, percent } from '../../format';
import type { CampaignQuery, CampaignStatus } from '../../gql/graphql';
import { Bars } from '../../ui/bars';
import { AskForm, besides, ChoiceField, TextField, useTitle } from '../../ui/editing';
import { Card, Confirm, Empty, Failed, Figure, Loading, PageHead, Status } from '../../ui/parts';
import { say } from '../../ui/toasts';
import { word } from '../../words';

type Campaign = NonNullable<CampaignQuery['campaign']>;

export default function CampaignPage({ id }: { id: string }): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [, go] = useLocation();
  const [{ data, error, fetching }, ask] = useQuery({ query: CampaignDocument, variables: { id } });
  const [asked, setAsked] = useState<CampaignStatus | 'DELETE' | 'RECORD' | null>(null);
  const again = (): void => ask({ requestPolicy: 'network-only' });
  useLiveEvents(['CAMPAIGN_CHANGED', 'METRICS_CHANGED', 'DELIVERY_CHANGED', 'REACH_READY', 'MEMBERS_ENTERED', 'MEMBERS_EXITED'], again);
  const campaign = data?.campaign;
  useTitle(campaign?.name ?? t`Campaign`);
  if (!campaign) {
    if (error) return <Failed error={error} again={again} />;
    if (fetching) return <Loading />;
    return <Empty title={<Trans>There is no such campaign</Trans>}><p><Trans>It was deleted, or the link is wrong.</Trans></p><Link href="/campaigns" className="button"><Trans>Go to the campaigns</Trans></Link></Empty>;
  }
  const mine = mayWrite(viewer) && (may(viewer, 'MANAGE_ALL') || campaign.createdBy?.id === viewer.user?.id);
  const { currency } = viewer.workspace;
  const { totals, series, bySegment } = campaign.metrics;
  const { audience } = campaign;
  const steps: Record<CampaignStatus, string> = { ACTIVE: campaign.status === 'PAUSED' ? t`Go on` : t`Start`, PAUSED: t`Pause`, COMPLETED: t`End`, DRAFT: '' };
  const close = (): void => setAsked(null);
  return (
    <>
      <PageHead
        title={campaign.name}
        below={(
          <div className="row">
            <Status of={campaign.status} />
            {campaign.channel && <span className="badge accent">{word(campaign.channel)}</span>}
            {(campaign.startsOn || campaign.endsOn) && <span className="small">{day(campaign.startsOn)} – {day(campaign.endsOn)}</span>}
            <span className="small"><Trans>Last change {ago(campaign.lastModifiedAt)}</Trans>{campaign.createdBy && ` · ${campaign.createdBy.name}`}</span>
          </div>
        )}
      >
        {mine && NEXT[campaign.status].map((next) => (
          <button key={next} type="button" className={next === 'ACTIVE' ? 'button primary' : 'button'} onClick={() => setAsked(next)}>{steps[next]}</button>
        ))}
        {mine && campaign.status !== 'COMPLETED' && <Link href={`/campaigns/${id}/edit`} className="button"><Trans>Edit</Trans></Link>}
        {mine && <button type="button" className="button" onClick={() => setAsked('RECORD')}><Trans>Record metrics</Trans></button>}
        {mine && campaign.status === 'DRAFT' && <button type="button" className="button" onClick={() => setAsked('DELETE')}><Trans>Delete</Trans></button>}
      </PageHead>
      {error && <Failed error={error} again={again} />}
      <div className="figures">
        <Figure label={<Trans>Audience</Trans>}>{count(audience.memberCount)}</Figure>
        <Figure label={campaign.channel ? <Trans>Reach by {word(campaign.channel)}</Trans> : <Trans>Reach</Trans>}>{count(audience.reach)}</Figure>
        <Figure label={<Trans>Spend</Trans>}>{money(totals.spend, currency)}</Figure>
        <Figure label={<Trans>Impressions</Trans>}>{count(totals.impressions)}</Figure>
        <Figure label={<Trans>Clicks</Trans>}>{count(totals.clicks)}</Figure>
        <Figure label={<Trans>Click rate</Trans>}>{percent(totals.ctr, 2)}</Figure>
        <Figure label={<Trans>Cost per click</Trans>}>{money(totals.cpc, currency)}</Figure>
        <Figure label={<Trans>Conversions</Trans>}>{count(totals.conversions)}</Figure>
      </div>
      {totals.flaggedCount > 0 && <p className="note warn"><Trans>Recorded with a warning, such as more clicks than impressions: {totals.flaggedCount}</Trans></p>}
      <div className="halves">
        <div className="stack">
          <Card title={<Trans>Whom it contacts</Trans>} bare>
            <ul className="plain-list">
              {campaign.segments.map((segment) => (
                <li key={segment.id}>
                  <Link href={`/segments/${segment.id}`} className="grow">{segment.name}</Link><Status of={segment.status} /><span className="muted small">{count(segment.memberCount)}</span>
                </li>
              ))}
              {campaign.excludedSegments.map((segment) => <li key={segment.id}><Link href={`/segments/${segment.id}`} className="grow">{segment.name}</Link><span className="badge bad"><Trans>left out</Trans></span></li>)}
              {campaign.hiddenSegmentCount > 0 && <li className="muted"><Trans>and {count(campaign.hiddenSegmentCount)} that you cannot see</Trans></li>}
              {campaign.segments.length === 0 && <li className="muted"><Trans>No segment yet. A campaign needs one before it can start.</Trans></li>}
            </ul>
          </Card>
          <Card title={<Trans>Reach by channel</Trans>} bare>
            <ul className="plain-list">
              {audience.byChannel.map((one) => <li key={one.channel}><span className="grow">{word(one.channel)}</span><span className="number">{count(one.count)}</span></li>)}
            </ul>
            {audience.asOf && <p className="body muted small"><Trans>As of {moment(audience.asOf)}.</Trans></p>}
          </Card>
          <Deliveries campaign={campaign} />
        </div>
        <div className="stack">
          <Card title={<Trans>Results by day</Trans>}>
            {series.length === 0 ? <p className="muted"><Trans>Nothing is recorded yet. Reports of advertising systems can be imported, or days recorded here.</Trans></p> : (
              <div className="stack">
                <Bars title={t`Spend`} bars={series.map((point) => ({ day: point.day, value: Number(point.spend), text: money(point.spend, currency) }))} />
                <Bars title={t`Clicks`} bars={series.map((point) => ({ day: point.day, value: point.clicks, text: count(point.clicks) }))} />
              </div>
            )}
          </Card>
          {bySegment.length > 0 && (
            <Card title={<Trans>Results by segment</Trans>} bare>
              <div className="scroll" tabIndex={0} role="region" aria-label={t`Results by segment`}>
                <table>
                  <thead><tr><th><Trans>Segment</Trans></th><th className="number"><Trans>Spend</Trans></th><th className="number"><Trans>Impressions</Trans></th><th className="number"><Trans>Clicks</Trans></th><th className="number"><Trans>Click rate</Trans></th></tr></thead>
                  <tbody>
                    {bySegment.map((row) => (
                      <tr key={row.segment.id}>
                        <td>{row.segment.name}</td><td className="number">{money(row.totals.spend, currency)}</td><td className="number">{count(row.totals.impressions)}</td>
                        <td className="number">{count(row.totals.clicks)}</td><td className="number">{percent(row.totals.ctr, 2)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </Card>
          )}
        </div>
      </div>
      {asked === 'RECORD' && <Record campaign={campaign} onClose={close} onDone={again} />}
      {asked === 'DELETE' && <Delete campaign={campaign} onClose={close} onDone={() => go('/campaigns', { replace: true })} />}
      {asked && asked !== 'RECORD' && asked !== 'DELETE' && <Step campaign={campaign} status={asked} text={steps[asked]} onClose={close} onDone={again} />}
    </>
  );
}

function Deliveries({ campaign }: { campaign: Campaign }): ReactNode {
  const rows = campaign.segments.flatMap((segment) => segment.deliveries.map((delivery) => ({ segment, delivery })));
  return (
    <Card title={<Trans>Deliveries of its segments</Trans>} bare side={<Link href="/destinations" className="small"><Trans>Destinations</Trans></Link>}>
      {rows.length === 0 && <p className="body muted"><Trans>Its segments are delivered nowhere.</Trans></p>}
      <ul className="plain-list">
        {rows.map(({ segment, delivery }) => (
          <li key={delivery.id}><span className="grow">{segment.name} → {delivery.destination.name}</span><span className="muted small">{count(delivery.deliveredCount)}</span><Status of={delivery.status} /></li>
        ))}
      </ul>
    </Card>
  );
}

function Step({ campaign, status, text, onClose, onDone }: { campaign: Campaign; status: CampaignStatus; text: string; onClose: () => void; onDone: () => void }): ReactNode {
  const { t } = useLingui();
  const { act, problems } = useAct();
  return (
    <Confirm
      title={`${text}: ${campaign.name}`} action={text} danger={status === 'COMPLETED'} problems={problems} onClose={onClose}
      onConfirm={async () => {
        const done = await act(SetStatusDocument, { input: { id: campaign.id, status } });
        if (!done) return false;
        say({ ACTIVE: t`The campaign runs`, PAUSED: t`The campaign is paused`, COMPLETED: t`The campaign has ended`, DRAFT: '' }[status]);
        onDone();
        return true;
      }}
    >
      {status === 'ACTIVE' && <p><Trans>It contacts {count(campaign.audience.memberCount)} members. While it runs, its segments cannot be archived or deleted.</Trans></p>}
      {status === 'PAUSED' && <p><Trans>A paused campaign does not hold its segments any more: they can be archived.</Trans></p>}
      {status === 'COMPLETED' && <p><Trans>A campaign that has ended cannot be edited or started again. Its results stay, and late ones can be recorded.</Trans></p>}
    </Confirm>
  );
}

function Delete({ campaign, onClose, onDone }: { campaign: Campaign; onClose: () => void; onDone: () => void }): ReactNode {
  const { t } = useLingui();
  const { act, problems } = useAct();
  return (
    <Confirm
      title={t`Delete ${campaign.name}`} action={<Trans>Delete</Trans>} danger problems={problems} onClose={onClose}
      onConfirm={async () => {
        if (!(await act(DeleteCampaignDocument, { input: { id: campaign.id } }))) return false;
        say(t`Deleted`);
        onDone();
        return true;
      }}
    >
      <p><Trans>The draft is deleted for ever. Its segments stay as they are.</Trans></p>
    </Confirm>
  );
}

function Record({ campaign, onClose, onDone }: { campaign: Campaign; onClose: () => void; onDone: () => void }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems, setProblems } = useAct();
  const [segmentId, setSegmentId] = useState(campaign.segments[0]?.id ?? '');
  const [on, setOn] = useState(new Date().toISOString().slice(0, 10));
  const [spend, setSpend] = useState('');
  const [impressions, setImpressions] = useState('');
  const [clicks, setClicks] = useState('');
  const [conversions, setConversions] = useState('');
  async function submit(): Promise<void> {
    const row = { campaignId: campaign.id, segmentId, day: on, spend: spend.trim() || '0', impressions: Number(impressions), clicks: Number(clicks), conversions: Number(conversions) };
    const done = await act(RecordMetricsDocument, { input: { rows: [row] } });
    if (!done) return;
    if (done.rowErrors.length) return setProblems(done.rowErrors);
    say(done.rowWarnings[0]?.message ?? t`Recorded`);
    onDone();
    onClose();
  }
  return (
    <AskForm title={<Trans>Record one day</Trans>} action={<Trans>Save</Trans>} busy={busy} problems={besides(problems, 'day', 'spend', 'impressions', 'clicks', 'conversions')} onSubmit={() => void submit()} onClose={onClose}>
      <p className="muted"><Trans>The numbers of the whole day. A day that was recorded already is replaced.</Trans></p>
      <div className="pair">
        <ChoiceField label={t`Segment`} value={segmentId} options={campaign.segments.map((one) => [one.id, one.name] as const)} onChange={setSegmentId} />
        <TextField label={t`Day`} type="date" value={on} onChange={setOn} problems={problems} name="day" />
        <TextField label={t`Spend`} value={spend} onChange={setSpend} problems={problems} name="spend" placeholder="0.00" autoFocus />
        <TextField label={t`Impressions`} type="number" value={impressions} onChange={setImpressions} problems={problems} name="impressions" />
        <TextField label={t`Clicks`} type="number" value={clicks} onChange={setClicks} problems={problems} name="clicks" />
        <TextField label={t`Conversions`} type="number" value={conversions} onChange={setConversions} problems={problems} name="conversions" />
      </div>
    </AskForm>
  );
}

// A new campaign, or another plan of one. A plan that somebody else changed meanwhile is not overwritten.
import { Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link, useLocation } from 'wouter';

import { useAct } from '../../api/acts';
import { CampaignDocument, CreateCampaignDocument, UpdateCampaignDocument } from '../../api/campaigns';
import type { CampaignQuery, Channel } from '../../gql/graphql';
import { besides, ChoiceField, SegmentPicker, TextField, useTitle, type Picked } from '../../ui/editing';
import { Card, Empty, Failed, Form, Loading, PageHead, Problems, wrongIn } from '../../ui/parts';
import { say } from '../../ui/toasts';
import { word } from '../../words';

const CHANNELS: readonly Channel[] = ['EMAIL', 'DIRECT_MAIL', 'SMS', 'PHONE', 'PUSH'];

export default function CampaignFormPage({ id }: { id?: string }): ReactNode {
  const [{ data, error, fetching }] = useQuery({ query: CampaignDocument, variables: { id: id ?? '' }, pause: !id });
  if (!id) return <Plan />;
  if (data?.campaign) return <Plan campaign={data.campaign} />;
  if (error) return <Failed error={error} />;
  if (fetching) return <Loading />;
  return <Empty title={<Trans>There is no such campaign</Trans>} />;
}

function Plan({ campaign }: { campaign?: NonNullable<CampaignQuery['campaign']> }): ReactNode {
  const { t } = useLingui();
  const [, go] = useLocation();
  const { act, busy, problems } = useAct();
  const [name, setName] = useState(campaign?.name ?? '');
  const [channel, setChannel] = useState<Channel | ''>(campaign ? (campaign.channel ?? '') : 'EMAIL');
  const [startsOn, setStartsOn] = useState(campaign?.startsOn ?? '');
  const [endsOn, setEndsOn] = useState(campaign?.endsOn ?? '');
  const [segments, setSegments] = useState<readonly Picked[]>(campaign?.segments ?? []);
  const [excluded, setExcluded] = useState<readonly Picked[]>(campaign?.excludedSegments ?? []);
  const [version] = useState(campaign?.version);
  useTitle(campaign?.name ?? t`New campaign`);

  async function submit(): Promise<void> {
    const plan = {
      name: name.trim(), channel: channel || null, startsOn: startsOn || null, endsOn: endsOn || null,
      segmentIds: segments.map((one) => one.id), excludeSegmentIds: excluded.map((one) => one.id),
    };
    const done = campaign
      ? await act(UpdateCampaignDocument, { input: { id: campaign.id, version: version ?? null, ...plan } })
      : await act(CreateCampaignDocument, { input: plan });
    if (!done?.campaign) return;
    say(campaign ? t`Saved` : t`Created. The campaign is a draft until you start it.`);
    go(`/campaigns/${done.campaign.id}`, { replace: true });
  }

  const changedMeanwhile = problems.some((one) => one.code === 'CONFLICT');
  return (
    <>
      <PageHead title={campaign ? t`Edit ${campaign.name}` : <Trans>New campaign</Trans>} />
      <div className="form-page">
        <Card>
          <Form onSubmit={() => void submit()}>
            <TextField label={t`Name`} value={name} onChange={setName} problems={problems} name="name" autoFocus />
            <div className="pair">
              <ChoiceField label={t`Channel`} value={channel} options={[['', t`None`], ...CHANNELS.map((one) => [one, word(one)] as const)]} onChange={setChannel} />
              <TextField label={t`First day`} type="date" value={startsOn} onChange={setStartsOn} problems={problems} name="startsOn" />
              <TextField label={t`Last day`} type="date" value={endsOn} onChange={setEndsOn} problems={problems} name="endsOn" />
            </div>
            <SegmentPicker legend={t`Contact the members of`} chosen={segments} onChange={setSegments} wrong={wrongIn(problems, 'segmentIds')} />
            <SegmentPicker legend={t`Leave out the members of`} chosen={excluded} onChange={setExcluded} wrong={wrongIn(problems, 'excludeSegmentIds')} />
            <Problems of={besides(problems, 'name', 'startsOn', 'endsOn', 'segmentIds', 'excludeSegmentIds')} />
            {changedMeanwhile && campaign && <p><Link href={`/campaigns/${campaign.id}`}><Trans>Look at what the other person saved. What you typed here is not lost until you leave the page.</Trans></Link></p>}
            <div className="row">
              <button type="submit" className="button primary" disabled={busy}>{campaign ? <Trans>Save</Trans> : <Trans>Create</Trans>}</button>
              <Link href={campaign ? `/campaigns/${campaign.id}` : '/campaigns'} className="button"><Trans>Cancel</Trans></Link>
            </div>
          </Form>
        </Card>
      </div>
    </>
  );
}

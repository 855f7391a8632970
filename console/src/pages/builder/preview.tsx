// Who matches while somebody builds: how many, who can be contacted and why not all, some of them, what changes when
// it is saved, and how a field is distributed.
import { Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import type { CombinedError } from 'urql';
import { Link } from 'wouter';

import { PreviewDistributionDocument, type Details, type Previewed } from '../../api/builder';
import { compact, count, day, percent } from '../../format';
import type { Channel, MemberKind, PreviewSegmentInput } from '../../gql/graphql';
import { Card, Choice, Failed } from '../../ui/parts';
import { word } from '../../words';
import { useAnswer, useFields, type Answer } from './answers';

export const CHANNELS = [['email', 'EMAIL'], ['directMail', 'DIRECT_MAIL'], ['sms', 'SMS'], ['phone', 'PHONE'], ['push', 'PUSH']] as const;

export function PreviewCard({ answer, shown, details, base, kind, input, channel, onChannel, isSaved, isWrong, failed }: {
  answer: Answer<{ previewSegment: Previewed }>; shown: Previewed | null; details: Details | null; base: number | null; kind: MemberKind;
  input: PreviewSegmentInput | null; channel: Channel; onChannel: (channel: Channel) => void; isSaved: boolean; isWrong: boolean; failed: CombinedError | null;
}): ReactNode {
  const members = shown?.memberCount;
  return (
    <div className="sticky">
      <Card title={<Trans>Who matches now</Trans>} side={answer.isAsking && input ? <span className="muted small" role="status"><Trans>Counting</Trans></span> : undefined}>
        <div className="stack" aria-busy={answer.isAsking}>
          {answer.error && <Failed error={answer.error} />}
          {isWrong ? <p className="muted"><Trans>There is a mistake in the criteria. When it is put right, you see here who matches.</Trans></p> : !input && <p className="muted"><Trans>Add a condition, and see here who matches.</Trans></p>}
          {input && shown && (
            <>
              <div className="builder-size" aria-live="polite">
                <b>{count(members)}</b>
                <span className="muted">{base != null && members != null && base > 0 ? <Trans>{percent(members / base, 1)} of {count(base)}</Trans> : <Trans>members</Trans>}</span>
              </div>
              {shown.sentence && <p className="sentence">{shown.sentence}</p>}
              {shown.warnings.map((one, index) => <p key={index} className="note warn">{one.message} {one.suggestion && <Trans>Did you mean {one.suggestion}?</Trans>}</p>)}
              {shown.reach && <Reach of={shown.reach} members={members ?? 0} channel={channel} onChannel={onChannel} />}
            </>
          )}
        </div>
      </Card>
      {input && shown && isSaved && details?.diffToSaved && <Difference of={details.diffToSaved} />}
      {input && shown && (
        <Card title={<Trans>Some of them</Trans>}>
          {failed ? <Failed error={failed} /> : !details ? <p className="muted"><Trans>Loading</Trans></p> : details.sample.length === 0 ? <p className="muted"><Trans>Nobody matches.</Trans></p> : (
            <ul className="plain-list">
              {details.sample.map((member) => <li key={member.id}><Link href={`/members/${member.id}`}>{member.name ?? member.externalId}</Link> <span className="muted">{member.country}</span></li>)}
            </ul>
          )}
        </Card>
      )}
      {input && shown && <Distributed kind={kind} input={input} />}
    </div>
  );
}

function Reach({ of, members, channel, onChannel }: { of: NonNullable<Previewed['reach']>; members: number; channel: Channel; onChannel: (channel: Channel) => void }): ReactNode {
  const { t } = useLingui();
  const whole = members || 1;
  return (
    <div className="stack tight">
      <div className="row apart"><h3><Trans>Reach</Trans></h3><span><b>{count(of.total)}</b> <span className="muted"><Trans>in total</Trans></span></span></div>
      <div className="builder-channels" role="group" aria-label={t`Channel to explain`}>
        {CHANNELS.map(([field, name]) => (
          <button key={name} type="button" aria-pressed={channel === name} onClick={() => onChannel(name)}>
            <span>{word(name)}</span>
            <span className="bar" aria-hidden="true"><i style={{ width: `${(100 * (of[field] ?? 0)) / whole}%` }} /></span>
            <b>{count(of[field])}</b>
          </button>
        ))}
      </div>
      <div className="steps" aria-label={t`Why ${word(channel)} reaches fewer`} role="group">
        {of.waterfall.map((step) => (
          <div key={step.reason} className="step">
            <span>{word(step.reason)}</span>
            <span className="track"><i style={{ width: `${(100 * step.remaining) / whole}%` }} /><u style={{ width: `${(100 * step.dropped) / whole}%` }} /></span>
            <span className="number">{step.reason === 'MEMBERS' ? count(step.remaining) : `−${count(step.dropped)}`}</span>
          </div>
        ))}
      </div>
    </div>
  );
}

function Difference({ of }: { of: NonNullable<Details['diffToSaved']> }): ReactNode {
  if (of.errors.length) return null;
  return (
    <Card title={<Trans>When it is saved</Trans>}>
      <p className="builder-diff">
        <span className="badge good">+{count(of.entered)} <Trans>enter</Trans></span>
        <span className="badge bad">−{count(of.exited)} <Trans>leave</Trans></span>
        <span className="badge">{count(of.unchanged)} <Trans>stay</Trans></span>
      </p>
    </Card>
  );
}

function Distributed({ kind, input }: { kind: MemberKind; input: PreviewSegmentInput }): ReactNode {
  const { t } = useLingui();
  const [field, setField] = useState('');
  const fields = useFields(kind).filter((one) => one.memberCount);
  const { data, error } = useAnswer(PreviewDistributionDocument, field ? { input, field } : null);
  const found = field ? data?.previewSegment.distribution : null;
  const type = fields.find((one) => one.name === field)?.type;
  const end = (text: string | null | undefined): string => (text == null ? '' : type === 'NUMBER' ? compact(Number(text)) : day(text));
  const largest = Math.max(1, ...(found?.buckets.map((one) => one.count) ?? []), found?.unsetCount ?? 0);
  const bars = (found?.buckets ?? []).map((one) => ({ text: one.start == null ? valueText(one.value, t`yes`, t`no`) : `${end(one.start)} – ${end(one.end)}`, n: one.count }));
  return (
    <Card title={<Trans>Who are they?</Trans>} side={<span className="short"><Choice name={t`Field to show`} value={field} onChange={setField} options={[['', t`Choose a field`], ...fields.map((one) => [one.name, one.label] as const)]} /></span>}>
      <div className="stack tight">
        {error && <Failed error={error} />}
        {!field && <p className="muted"><Trans>Choose a field to see how its values are distributed.</Trans></p>}
        {found?.errors.map((one) => <p key={one.code} className="wrong">{one.message}</p>)}
        {found?.memberCount === 0 && <p className="muted"><Trans>Nobody matches.</Trans></p>}
        {found && (
          <div className="steps">
            {bars.map(({ text, n }) => <Bar key={text} text={text} n={n} of={largest} />)}
            {(found.otherCount ?? 0) > 0 && <Bar text={t`Others`} n={found.otherCount ?? 0} of={largest} />}
            {(found.unsetCount ?? 0) > 0 && <Bar text={t`No value`} n={found.unsetCount ?? 0} of={largest} />}
          </div>
        )}
        {found?.average != null && <p className="muted"><Trans>Average {compact(Number(found.average))}, median {compact(Number(found.median))}</Trans></p>}
        {found?.isEstimate && <p className="muted"><Trans>The numbers are estimates.</Trans></p>}
      </div>
    </Card>
  );
}

const valueText = (value: unknown, yes: string, no: string): string => (value === true ? yes : value === false ? no : String(value));

function Bar({ text, n, of }: { text: string; n: number; of: number }): ReactNode {
  return (
    <div className="step">
      <span className="cut" title={text}>{text}</span>
      <span className="track" aria-hidden="true"><i style={{ width: `${(100 * n) / of}%` }} /></span>
      <span className="number">{count(n)}</span>
    </div>
  );
}

// A new playbook, or another rule of one. Before it is saved, the page shows whom it would add where.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link, useLocation } from 'wouter';

import { useAct } from '../../api/acts';
import { CreatePlaybookDocument, DryRunDocument, PlaybookDocument, UpdatePlaybookDocument, WouldAddDocument } from '../../api/playbooks';
import type { MemberKind, PlaybookQuery } from '../../gql/graphql';
import { besides, ChoiceField, CriteriaField, KINDS, SegmentPicker, TextField, useTitle, type Picked } from '../../ui/editing';
import { Card, Empty, Failed, Form, Loading, PageHead, Problems, useSettled, wrongIn } from '../../ui/parts';
import { say } from '../../ui/toasts';
import { word } from '../../words';

export default function PlaybookFormPage({ id }: { id?: string }): ReactNode {
  const [{ data, error, fetching }] = useQuery({ query: PlaybookDocument, variables: { id: id ?? '' }, pause: !id });
  if (!id) return <Rule />;
  if (data?.playbook) return <Rule playbook={data.playbook} />;
  if (error) return <Failed error={error} />;
  if (fetching) return <Loading />;
  return <Empty title={<Trans>There is no such playbook</Trans>} />;
}

function Rule({ playbook }: { playbook?: NonNullable<PlaybookQuery['playbook']> }): ReactNode {
  const { t } = useLingui();
  const [, go] = useLocation();
  const { act, busy, problems } = useAct();
  const [name, setName] = useState(playbook?.name ?? '');
  const [kind, setKind] = useState<MemberKind>(playbook?.kind ?? 'PERSON');
  const [text, setText] = useState(playbook?.criteriaText ?? '');
  const [segments, setSegments] = useState<readonly Picked[]>(playbook?.segments ?? []);
  const [version] = useState(playbook?.version);
  useTitle(playbook?.name ?? t`New playbook`);

  async function submit(): Promise<void> {
    const rule = { name: name.trim(), criteriaText: text.trim(), addToSegmentIds: segments.map((one) => one.id) };
    const done = playbook
      ? await act(UpdatePlaybookDocument, { input: { id: playbook.id, version: version ?? null, ...rule } })
      : await act(CreatePlaybookDocument, { input: { kind, ...rule } });
    if (!done?.playbook) return;
    say(done.warnings[0]?.message ?? (playbook ? t`Saved` : t`Created. The playbook acts from now on.`));
    go(`/playbooks/${done.playbook.id}`, { replace: true });
  }

  return (
    <>
      <PageHead title={playbook ? t`Edit ${playbook.name}` : <Trans>New playbook</Trans>} />
      <div className="two">
        <Card>
          <Form onSubmit={() => void submit()}>
            <TextField label={t`Name`} value={name} onChange={setName} problems={problems} name="name" autoFocus />
            {!playbook && <ChoiceField label={t`Members are`} value={kind} options={KINDS.map((one) => [one, word(one)] as const)} onChange={(next) => { setKind(next); setSegments([]); }} />}
            <CriteriaField label={t`Whenever a member matches`} kind={kind} value={text} onChange={setText} problems={problems} />
            <SegmentPicker legend={t`Add it to`} kind={kind} chosen={segments} onChange={setSegments} wrong={wrongIn(problems, 'addToSegmentIds')} most={100} />
            <Problems of={besides(problems, 'name', 'criteriaText', 'addToSegmentIds')} />
            <div className="row">
              <button type="submit" className="button primary" disabled={busy}>{playbook ? <Trans>Save</Trans> : <Trans>Create</Trans>}</button>
              <Link href={playbook ? `/playbooks/${playbook.id}` : '/playbooks'} className="button"><Trans>Cancel</Trans></Link>
            </div>
          </Form>
        </Card>
        <div className="sticky"><Card title={<Trans>What it would do now</Trans>}><DryRun kind={kind} text={text} segments={segments} /></Card></div>
      </div>
    </>
  );
}

/** Whom the conditions find now, and whom they would add to each segment. Nothing is changed. */
export function DryRun({ kind, text, segments }: { kind: MemberKind; text: string; segments: readonly Picked[] }): ReactNode {
  const settled = useSettled(text.trim(), 400);
  const [{ data, fetching }] = useQuery({ query: DryRunDocument, variables: { input: { kind, criteriaText: settled } }, pause: !settled, requestPolicy: 'network-only' });
  if (!settled) return <p className="muted"><Trans>Write the conditions to see whom it would add.</Trans></p>;
  const preview = data?.previewSegment;
  if (!preview || fetching) return <Loading rows={3} />;
  if (preview.errors.length) return <p className="muted"><Trans>The conditions are not complete yet.</Trans></p>;
  return (
    <div className="stack tight">
      <p><strong><Plural value={preview.memberCount ?? 0} one="# member matches" other="# members match" /></strong></p>
      {segments.map((segment) => <WouldAdd key={segment.id} kind={kind} text={settled} segment={segment} />)}
      <ul className="plain-list">
        {preview.sample.map((member) => <li key={member.id}><Link href={`/members/${member.id}`}>{member.name ?? member.externalId}</Link></li>)}
      </ul>
      <p className="muted small"><Trans>Nothing is changed before you save.</Trans></p>
    </div>
  );
}

function WouldAdd({ kind, text, segment }: { kind: MemberKind; text: string; segment: Picked }): ReactNode {
  const [{ data }] = useQuery({ query: WouldAddDocument, variables: { input: { kind, criteriaText: text }, segmentId: segment.id }, requestPolicy: 'network-only' });
  const diff = data?.previewSegment.diff;
  if (diff?.entered == null) return null;
  return <p className="note"><span className="grow">{segment.name}</span><strong><Plural value={diff.entered} one="# new member" other="# new members" /></strong></p>;
}

// Steps with one member or several.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';

import { useAct } from '../../api/acts';
import { AddToSegmentDocument, EraseDocument, SegmentFromFilterDocument, TagDocument } from '../../api/members';
import type { MemberKind } from '../../gql/graphql';
import { AskForm, besides, SegmentPicker, TextField, type Picked } from '../../ui/editing';
import { Confirm } from '../../ui/parts';
import { say } from '../../ui/toasts';

export interface Known { id: string; name?: string | null; externalId: string; tags: readonly string[] }

interface Props { members: readonly Known[]; onClose: () => void; onDone: () => void }

const tagsIn = (text: string): string[] => text.split(',').map((one) => one.trim()).filter(Boolean);

export function AskTags({ members, onClose, onDone }: Props): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems, setProblems } = useAct();
  const [add, setAdd] = useState('');
  const [remove, setRemove] = useState<readonly string[]>([]);
  const present = [...new Set(members.flatMap((member) => member.tags))].toSorted();
  async function submit(): Promise<void> {
    const added = tagsIn(add);
    if (!added.length && !remove.length) return onClose();
    const done = await act(TagDocument, { input: { memberIds: members.map((member) => member.id), add: added, remove: [...remove] } });
    if (!done) return;
    if (done.overLimit.length) return setProblems([{ code: 'TOO_LARGE', message: t`Some members have 500 tags already and keep them as they are.` }]);
    say(t`Members with other tags now: ${done.changed}`);
    onDone();
    onClose();
  }
  return (
    <AskForm title={<Plural value={members.length} one="Tags of # member" other="Tags of # members" />} action={<Trans>Save</Trans>} busy={busy} problems={besides(problems)} onSubmit={() => void submit()} onClose={onClose}>
      <TextField label={t`Add tags`} hint={t`Several are separated by commas`} value={add} onChange={setAdd} autoFocus />
      {present.length > 0 && (
        <fieldset className="picker">
          <legend className="label"><Trans>Remove tags</Trans></legend>
          <div className="row">
            {present.map((tag) => (
              <label key={tag} className="check small">
                <input type="checkbox" checked={remove.includes(tag)} onChange={(event) => setRemove(event.target.checked ? [...remove, tag] : remove.filter((one) => one !== tag))} />{tag}
              </label>
            ))}
          </div>
        </fieldset>
      )}
    </AskForm>
  );
}

export function AddToSegment({ kind, members, onClose, onDone }: Props & { kind: MemberKind }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems, setProblems } = useAct();
  const [chosen, setChosen] = useState<readonly Picked[]>([]);
  async function submit(): Promise<void> {
    if (!chosen.length) return setProblems([{ code: 'REQUIRED', message: t`Choose a segment.` }]);
    const done = await act(AddToSegmentDocument, { input: { segmentIds: chosen.map((one) => one.id), memberIds: members.map((member) => member.id) } });
    if (!done) return;
    say(t`Added: ${done.changed}`);
    onDone();
    onClose();
  }
  return (
    <AskForm title={<Plural value={members.length} one="Add # member to segments" other="Add # members to segments" />} action={<Trans>Add</Trans>} busy={busy} problems={problems} onSubmit={() => void submit()} onClose={onClose}>
      <SegmentPicker legend={t`Segments`} kind={kind} chosen={chosen} onChange={setChosen} />
    </AskForm>
  );
}

export function Erase({ members, onClose, onDone }: Props): ReactNode {
  const { t } = useLingui();
  const { act, problems } = useAct();
  const name = members.length === 1 ? (members[0]?.name ?? members[0]?.externalId ?? '') : t`${members.length} members`;
  return (
    <Confirm
      title={t`Erase ${name}`} action={<Trans>Erase for ever</Trans>} danger problems={problems} onClose={onClose}
      onConfirm={async () => {
        const done = await act(EraseDocument, { input: { memberIds: members.map((member) => member.id) } });
        if (!done) return false;
        say(t`Erased: ${done.deleted}, with ${done.erased.events} events and ${done.erased.addresses} addresses`);
        onDone();
        return true;
      }}
    >
      <p><Trans>Everything about them is deleted for ever: attributes, addresses, events, relations, their place in segments and their history, and the rows of files that hold them.</Trans></p>
      <p className="muted"><Trans>Lists that were delivered to other systems, and files that somebody downloaded, keep them. Suppressed addresses stay suppressed.</Trans></p>
    </Confirm>
  );
}

export function SaveAsSegment({ kind, criteriaText, onClose }: { kind: MemberKind; criteriaText: string; onClose: () => void }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems } = useAct();
  const [, go] = useLocation();
  const [name, setName] = useState('');
  async function submit(): Promise<void> {
    const done = await act(SegmentFromFilterDocument, { input: { name, kind, type: 'DYNAMIC', criteriaText } });
    if (done?.segment) go(`/segments/${done.segment.id}`);
  }
  return (
    <AskForm title={<Trans>Save as a segment</Trans>} action={<Trans>Save</Trans>} busy={busy} problems={besides(problems, 'name')} onSubmit={() => void submit()} onClose={onClose}>
      <TextField label={t`Name of the segment`} value={name} onChange={setName} problems={problems} name="name" autoFocus />
    </AskForm>
  );
}

// A new member, or other values of one. Only what was changed is sent.
import { Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';

import { useAct } from '../../api/acts';
import { MemberFieldsDocument, UpsertDocument } from '../../api/members';
import type { MemberInput, MemberKind, MemberQuery } from '../../gql/graphql';
import { AskForm, ChoiceField, TextField } from '../../ui/editing';
import { say } from '../../ui/toasts';
import { oneOf } from '../../words';
import { typed, written } from './values';

type Member = NonNullable<MemberQuery['member']>;
const FIELDS = ['name', 'firstName', 'lastName', 'salutation', 'email', 'phone', 'domain', 'address', 'postalCode', 'city', 'state', 'country', 'industry', 'employees', 'revenue', 'score'] as const;
const NUMBERS: ReadonlySet<string> = new Set(['employees', 'score']);

export function MemberForm({ kind, member, onClose, onDone }: { kind: MemberKind; member?: Member; onClose: () => void; onDone: () => void }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems, setProblems } = useAct();
  const [{ data }] = useQuery({ query: MemberFieldsDocument, variables: { kind } });
  const [externalId, setExternalId] = useState(member?.externalId ?? '');
  const [changes, setChanges] = useState<Readonly<Record<string, string>>>({});
  const [target, setTarget] = useState(member?.isTarget ?? false);
  const fields = data?.criteriaFields ?? [];
  const own = fields.filter((field) => field.isCustom);
  const attributes = (member?.attributes ?? {}) as Record<string, unknown>;
  const change = (name: string, value: string): void => setChanges({ ...changes, [name]: value });
  const before = (name: (typeof FIELDS)[number]): string => written(member?.[name]);

  async function submit(): Promise<void> {
    const input: Record<string, unknown> = { externalId: externalId.trim() };
    for (const name of FIELDS) {
      const text = changes[name];
      if (text !== undefined && text !== before(name)) input[name] = typed(text, NUMBERS.has(name) ? 'NUMBER' : 'STRING');
    }
    const changed = own.filter((field) => changes[`@${field.name}`] !== undefined && changes[`@${field.name}`] !== written(attributes[field.name]));
    if (changed.length) input['attributes'] = Object.fromEntries(changed.map((field) => [field.name, typed(changes[`@${field.name}`] ?? '', field.type)]));
    if (target !== (member?.isTarget ?? false)) input['isTarget'] = target;
    const done = await act(UpsertDocument, { input: { kind, members: [input as MemberInput], wholeRows: true } });
    if (!done) return;
    if (done.rowErrors.length) return setProblems(done.rowErrors);
    say(member || done.updated ? t`Saved` : t`Created`);
    onDone();
    onClose();
  }

  const plain = problems.filter((one) => !one.path?.some((part) => (FIELDS as readonly string[]).includes(part) || own.some((field) => field.name === part)));
  return (
    <AskForm wide title={member ? t`Edit ${member.name ?? member.externalId}` : <Trans>New member: {oneOf(kind)}</Trans>} action={<Trans>Save</Trans>} busy={busy} problems={plain} onSubmit={() => void submit()} onClose={onClose}>
      {!member && <TextField label={t`External id`} hint={t`The id in your own system. A member that has it already is changed.`} value={externalId} onChange={setExternalId} autoFocus />}
      <div className="pair">
        {FIELDS.map((name) => (
          <TextField
            key={name} label={fields.find((field) => field.name === name)?.label ?? name} type={NUMBERS.has(name) ? 'number' : 'text'}
            value={changes[name] ?? before(name)} onChange={(value) => change(name, value)} problems={problems} name={name}
          />
        ))}
      </div>
      <label className="check"><input type="checkbox" checked={target} onChange={(event) => setTarget(event.target.checked)} /><Trans>It is a target</Trans></label>
      {own.length > 0 && <h3><Trans>Attributes</Trans></h3>}
      <div className="pair">
        {own.map((field) => {
          const key = `@${field.name}`;
          const value = changes[key] ?? written(attributes[field.name]);
          if (field.type === 'BOOLEAN') {
            return <ChoiceField key={key} label={field.label} value={value} options={[['', '–'], ['true', t`Yes`], ['false', t`No`]]} onChange={(next) => change(key, next)} />;
          }
          return (
            <TextField
              key={key} label={field.label} type={field.type === 'DATE' ? 'date' : 'text'} value={value} onChange={(next) => change(key, next)} problems={problems} name={field.name}
              hint={field.type === 'STRING_LIST' ? t`Several are separated by commas` : field.type === 'DATETIME' ? '2026-01-31T09:30:00Z' : undefined}
            />
          );
        })}
      </div>
    </AskForm>
  );
}

// Declaring and describing attributes, and changes of their values: what a change does is shown before it is done.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';

import { useAct } from '../../api/acts';
import { ChangeAttributeDocument, ChangePreviewDocument, DeclareDocument, DescribeDocument } from '../../api/catalogue';
import { count } from '../../format';
import type { AttributeChangeInput, AttributeType, MemberKind } from '../../gql/graphql';
import { AskForm, besides, ChoiceField, TextField } from '../../ui/editing';
import { Failed, Loading, useSettled } from '../../ui/parts';
import { say } from '../../ui/toasts';
import { word } from '../../words';
import { show } from '../members/values';
import type { Attribute } from './page';

export type Change = 'RENAME' | 'CONVERT' | 'MERGE' | 'DELETE';
const TYPES: readonly AttributeType[] = ['STRING', 'NUMBER', 'BOOLEAN', 'DATE', 'DATETIME', 'STRING_LIST'];

interface Props { kind: MemberKind; onClose: () => void; onDone: () => void }

export function AttributeForm({ kind, attribute, onClose, onDone }: Props & { attribute?: Attribute }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems } = useAct();
  const [name, setName] = useState(attribute?.name ?? '');
  const [type, setType] = useState<AttributeType>(attribute?.type ?? 'STRING');
  const [label, setLabel] = useState(attribute?.label ?? '');
  const [description, setDescription] = useState(attribute?.description ?? '');
  const [isPersonal, setPersonal] = useState(attribute?.isPersonal ?? false);
  const [hidden, setHidden] = useState(attribute?.hidden ?? false);
  async function submit(): Promise<void> {
    const about = { kind, name: name.trim(), label: label.trim() || null, description: description.trim() || null, isPersonal };
    const done = attribute ? await act(DescribeDocument, { input: { ...about, hidden } }) : await act(DeclareDocument, { input: { ...about, type } });
    if (!done) return;
    say(t`Saved`);
    onDone();
    onClose();
  }
  return (
    <AskForm title={attribute ? attribute.label : <Trans>New attribute of {word(kind)}</Trans>} action={<Trans>Save</Trans>} busy={busy} problems={besides(problems, 'name', 'label', 'description')} onSubmit={() => void submit()} onClose={onClose}>
      {!attribute && (
        <div className="pair">
          <TextField label={t`Name`} value={name} onChange={setName} problems={problems} name="name" hint={t`As programs and criteria write it`} autoFocus />
          <ChoiceField label={t`Type`} value={type} options={TYPES.map((one) => [one, word(one)] as const)} onChange={setType} />
        </div>
      )}
      <TextField label={t`Label`} value={label} onChange={setLabel} problems={problems} name="label" hint={t`As people read it`} />
      <TextField label={t`Description`} value={description} onChange={setDescription} problems={problems} name="description" />
      <label className="check"><input type="checkbox" checked={isPersonal} onChange={(event) => setPersonal(event.target.checked)} /><Trans>Its values are personal data</Trans></label>
      {attribute && <label className="check"><input type="checkbox" checked={hidden} onChange={(event) => setHidden(event.target.checked)} /><Trans>Do not suggest it any more</Trans></label>}
    </AskForm>
  );
}

export function ChangeAttribute({ kind, what, attribute, others, onClose, onDone }: Props & { what: Change; attribute: Attribute; others: readonly Attribute[] }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems } = useAct();
  const same = others.filter((one) => one.type === attribute.type);
  const [newName, setNewName] = useState(attribute.name);
  const [toType, setToType] = useState<AttributeType>(TYPES.find((one) => one !== attribute.type) ?? 'STRING');
  const [mergeInto, setMergeInto] = useState(same[0]?.name ?? '');
  const [clear, setClear] = useState(false);
  const typed = useSettled(newName.trim());
  const changes: Record<Change, AttributeChangeInput | null> = {
    RENAME: typed && typed !== attribute.name ? { newName: typed } : null, CONVERT: { toType }, MERGE: mergeInto ? { mergeInto } : null, DELETE: { delete: true },
  };
  const change = changes[what];
  const [{ data, error, fetching }] = useQuery({ query: ChangePreviewDocument, variables: { kind, name: attribute.name, change: change ?? {} }, pause: !change, requestPolicy: 'network-only' });
  const preview = change && !fetching ? data?.attributeChangePreview : null;
  const titles: Record<Change, string> = { RENAME: t`Rename ${attribute.label}`, CONVERT: t`Change the type of ${attribute.label}`, MERGE: t`Merge ${attribute.label} into another`, DELETE: t`Delete ${attribute.label}` };
  async function submit(): Promise<void> {
    if (!change) return;
    const done = await act(ChangeAttributeDocument, { input: { kind, name: attribute.name, change, notConvertible: clear ? 'CLEAR' : 'REFUSE' } });
    if (!done) return;
    say(t`The change shows at once, and is stored in the background.`);
    onDone();
    onClose();
  }
  return (
    <AskForm title={titles[what]} action={what === 'DELETE' ? <Trans>Delete for ever</Trans> : <Trans>Change</Trans>} busy={busy || !change} problems={besides(problems, 'newName')} onSubmit={() => void submit()} onClose={onClose}>
      {what === 'RENAME' && <TextField label={t`New name`} value={newName} onChange={setNewName} problems={problems} name="newName" autoFocus />}
      {what === 'CONVERT' && <ChoiceField label={t`New type`} value={toType} options={TYPES.filter((one) => one !== attribute.type).map((one) => [one, word(one)] as const)} onChange={setToType} />}
      {what === 'MERGE' && (same.length ? <ChoiceField label={t`Into`} value={mergeInto} options={same.map((one) => [one.name, one.label] as const)} onChange={setMergeInto} hint={t`Where both have a value, the other attribute wins`} /> : <p><Trans>There is no other attribute of the same type.</Trans></p>)}
      {error && change && <Failed error={error} />}
      {change && fetching && <Loading rows={2} />}
      {preview && (
        <div className="stack tight">
          <p>
            <Plural value={preview.memberCount} one="# member has a value." other="# members have a value." /> <Trans>Kept: {count(preview.keptCount)}, lost: {count(preview.lostCount)}.</Trans>
          </p>
          {preview.warnings.map((warning) => <p key={warning} className="note warn">{warning}</p>)}
          {preview.lostValues.length > 0 && <ul>{preview.lostValues.slice(0, 10).map((lost) => <li key={lost.externalId}>{show(lost.value)} <span className="muted">({count(lost.count)})</span></li>)}</ul>}
          {preview.lostCount > 0 && what === 'CONVERT' && <label className="check"><input type="checkbox" checked={clear} onChange={(event) => setClear(event.target.checked)} /><Trans>Remove the values that cannot be kept</Trans></label>}
          <h3>{preview.uses.length ? <Trans>What uses it</Trans> : <Trans>Nothing uses it.</Trans>}</h3>
          <ul className="plain-list">
            {preview.uses.map((use, index) => (
              <li key={index}>
                <span className="grow">{use.name} <span className="muted">({word(use.type.toUpperCase())})</span></span>
                {use.memberCountBefore != null && <span className="muted small">{count(use.memberCountBefore)} → {count(use.memberCountAfter)}</span>}
                {use.problem && <span className="wrong small">{use.problem}</span>}
              </li>
            ))}
          </ul>
        </div>
      )}
    </AskForm>
  );
}

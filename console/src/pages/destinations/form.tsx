import { Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';

import { useAct } from '../../api/acts';
import { CreateDestinationDocument, UpdateDestinationDocument } from '../../api/destinations';
import type { Channel, DestinationsQuery, DestinationType } from '../../gql/graphql';
import { AskForm, besides, ChoiceField, TextField } from '../../ui/editing';
import { Field, wrongIn } from '../../ui/parts';
import { say } from '../../ui/toasts';
import { word } from '../../words';

const CHANNELS: readonly Channel[] = ['EMAIL', 'DIRECT_MAIL', 'SMS', 'PHONE', 'PUSH'];
const TYPES: readonly DestinationType[] = ['HTTP', 'EMAIL_SERVICE', 'FILE'];

/** A new destination, or another way to it. `onDone` gets the signing secret if there is a new one. */
export function DestinationForm({ destination, onClose, onDone }: { destination?: DestinationsQuery['destinations'][number]; onClose: () => void; onDone: (secret: string | null) => void }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems, setProblems } = useAct();
  const [name, setName] = useState(destination?.name ?? '');
  const [type, setType] = useState<DestinationType>(destination?.type ?? 'HTTP');
  const [channel, setChannel] = useState<Channel | ''>(destination?.channel ?? '');
  const [url, setUrl] = useState(destination?.url ?? '');
  const [headerName, setHeaderName] = useState(destination?.headerName ?? '');
  const [authSecret, setAuthSecret] = useState('');
  const [mapping, setMapping] = useState(JSON.stringify(destination?.mapping ?? { name: '$name', email: '$email' }, null, 2));
  const [newSecret, setNewSecret] = useState(false);
  async function submit(): Promise<void> {
    let read: unknown;
    try {
      read = JSON.parse(mapping);
    } catch (problem) {
      return setProblems([{ code: 'INVALID', message: t`This is no JSON: ${problem instanceof Error ? problem.message : ''}`, path: ['mapping'] }]);
    }
    const away = type === 'FILE' ? {} : { url: url.trim(), ...(headerName.trim() && { headerName: headerName.trim() }), ...(authSecret && { authSecret }) };
    const input = { name: name.trim(), channel: channel || null, mapping: read, ...away };
    const done = destination
      ? await act(UpdateDestinationDocument, { input: { id: destination.id, version: destination.version, newSigningSecret: newSecret, ...input } })
      : await act(CreateDestinationDocument, { input: { type, ...input } });
    if (!done) return;
    say('authSecretDropped' in done && done.authSecretDropped ? t`Saved. The secret of the old address was removed: give it again.` : t`Saved`);
    onClose();
    onDone(done.signingSecret ?? null);
  }
  return (
    <AskForm wide title={destination ? t`Edit ${destination.name}` : <Trans>New destination</Trans>} action={<Trans>Save</Trans>} busy={busy} problems={besides(problems, 'name', 'url', 'headerName', 'authSecret', 'mapping')} onSubmit={() => void submit()} onClose={onClose}>
      <div className="pair">
        <TextField label={t`Name`} value={name} onChange={setName} problems={problems} name="name" autoFocus />
        {!destination && <ChoiceField label={t`Type`} value={type} options={TYPES.map((one) => [one, word(one)] as const)} onChange={setType} />}
        <ChoiceField label={t`Channel`} value={channel} options={[['', t`All members`], ...CHANNELS.map((one) => [one, word(one)] as const)]} onChange={setChannel} hint={t`Only members that the channel reaches are sent`} />
      </div>
      {type !== 'FILE' && (
        <>
          <TextField label={t`Address`} type="url" value={url} onChange={setUrl} problems={problems} name="url" placeholder="https://" />
          <div className="pair">
            <TextField label={t`Credential`} type="password" value={authSecret} onChange={setAuthSecret} problems={problems} name="authSecret" hint={destination?.authSecretHint ? t`Empty keeps the one that ends with ${destination.authSecretHint}` : undefined} />
            <TextField label={t`Header of the credential`} value={headerName} onChange={setHeaderName} problems={problems} name="headerName" hint="Authorization" />
          </div>
        </>
      )}
      <Field label={t`What is sent of each member`} wrong={wrongIn(problems, 'mapping')} hint={t`JSON. Texts that begin with $ are replaced by fields of the member, such as $email or $attributes.plan`}>
        {(ids) => <textarea {...ids} rows={6} spellCheck={false} value={mapping} onChange={(event) => setMapping(event.target.value)} />}
      </Field>
      {destination && type === 'HTTP' && <label className="check"><input type="checkbox" checked={newSecret} onChange={(event) => setNewSecret(event.target.checked)} /><Trans>Make a new signing secret</Trans></label>}
    </AskForm>
  );
}

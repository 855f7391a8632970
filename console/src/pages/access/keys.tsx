import { Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';

import { CreateKeyDocument, KeysDocument, RevokeKeyDocument, RotateKeyDocument, UpdateKeyDocument } from '../../api/access';
import { useAct } from '../../api/acts';
import { ago, day, moment } from '../../format';
import type { ApiKeyScope, ApiKeysQuery } from '../../gql/graphql';
import { AskForm, besides, ChoiceField, Secret, TextField } from '../../ui/editing';
import { Icon } from '../../ui/icon';
import { Actions, Card, Confirm, Empty, Failed, Loading, wrongIn } from '../../ui/parts';
import { say } from '../../ui/toasts';
import { word } from '../../words';

type Key = ApiKeysQuery['apiKeys'][number];
const SCOPES: readonly ApiKeyScope[] = ['READ', 'READ_WITHOUT_PERSONAL_DATA', 'WRITE', 'INGEST', 'PROVISIONING', 'ADMIN'];

export function Keys(): ReactNode {
  const { t } = useLingui();
  const [{ data, error, fetching }, ask] = useQuery({ query: KeysDocument });
  const again = (): void => ask({ requestPolicy: 'network-only' });
  const { act, problems } = useAct();
  const [asked, setAsked] = useState<{ what: 'new' | 'edit' | 'rotate' | 'revoke'; key?: Key } | null>(null);
  const [secret, setSecret] = useState<{ text: string; name: string } | null>(null);
  const [oldWorksFor, setOldWorksFor] = useState('P1D');
  const [showRevoked, setShowRevoked] = useState(false);
  const keys = (data?.apiKeys ?? []).filter((key) => showRevoked || !key.revokedAt);
  const close = (): void => setAsked(null);
  return (
    <>
      <div className="row">
        <label className="check small grow"><input type="checkbox" checked={showRevoked} onChange={(event) => setShowRevoked(event.target.checked)} /><Trans>Also revoked keys</Trans></label>
        <button type="button" className="button primary" onClick={() => setAsked({ what: 'new' })}><Icon name="plus" /><Trans>New key</Trans></button>
      </div>
      {error && <Failed error={error} again={again} />}
      <Card bare>
        {!data && fetching && <div className="body"><Loading /></div>}
        {data && keys.length === 0 && <Empty title={<Trans>There are no API keys</Trans>}><p><Trans>A key lets a program in. Choose the smallest scope that works.</Trans></p></Empty>}
        <ul className="plain-list">
          {keys.map((key) => (
            <li key={key.id}>
              <div className="grow">
                <strong>{key.name}</strong> <code className="muted">{key.hint}…</code>
                <p className="muted small">
                  {key.lastUsedAt ? <Trans>Last used {ago(key.lastUsedAt)}</Trans> : <Trans>Never used</Trans>} · <Trans>created {day(key.createdAt)}</Trans>{key.createdBy && `, ${key.createdBy.name}`}
                  {key.networks && ` · ${key.networks.join(', ')}`}
                </p>
              </div>
              {key.oldWorksUntil && new Date(key.oldWorksUntil) > new Date() && <span className="badge warn"><Trans>the old secret works until {moment(key.oldWorksUntil)}</Trans></span>}
              {key.revokedAt ? <span className="badge bad"><Trans>revoked {day(key.revokedAt)}</Trans></span> : key.expiresAt && <span className={new Date(key.expiresAt) < new Date() ? 'badge bad' : 'badge'}><Trans>expires {ago(key.expiresAt)}</Trans></span>}
              <span className="badge accent">{word(key.scope)}</span>
              {!key.revokedAt && (
                <Actions
                  label={t`Actions for ${key.name}`}
                  actions={[
                    { key: 'edit', label: t`Name, expiry and networks`, run: () => setAsked({ what: 'edit', key }) },
                    { key: 'rotate', label: t`Make a new secret`, run: () => setAsked({ what: 'rotate', key }) },
                    { key: 'revoke', label: t`Revoke`, danger: true, run: () => setAsked({ what: 'revoke', key }) },
                  ]}
                />
              )}
            </li>
          ))}
        </ul>
      </Card>
      {(asked?.what === 'new' || asked?.what === 'edit') && <KeyForm {...(asked.key && { of: asked.key })} onClose={close} onDone={(made) => { setSecret(made); again(); }} />}
      {asked?.what === 'rotate' && asked.key && (
        <Confirm
          title={t`Make a new secret for ${asked.key.name}`} action={<Trans>Make a new secret</Trans>} problems={problems} onClose={close}
          onConfirm={async () => {
            const done = await act(RotateKeyDocument, { input: { id: asked.key?.id ?? '', oldWorksFor } });
            if (done?.secret) setSecret({ text: done.secret, name: asked.key?.name ?? '' });
            again();
            return Boolean(done);
          }}
        >
          <ChoiceField label={t`The old secret works on for`} value={oldWorksFor} options={[['PT0S', t`no longer`], ['PT1H', t`an hour`], ['P1D', t`a day`], ['P7D', t`a week`]]} onChange={setOldWorksFor} />
        </Confirm>
      )}
      {asked?.what === 'revoke' && asked.key && (
        <Confirm
          title={t`Revoke ${asked.key.name}`} action={<Trans>Revoke</Trans>} danger problems={problems} onClose={close}
          onConfirm={async () => {
            const done = await act(RevokeKeyDocument, { input: { id: asked.key?.id ?? '' } });
            if (done) say(t`Revoked`);
            again();
            return Boolean(done);
          }}
        >
          <p>{asked.key.lastUsedAt ? <Trans>A program used it {ago(asked.key.lastUsedAt)}. It gets in no longer, and a revoked key does not come back.</Trans> : <Trans>It was never used. A revoked key does not come back.</Trans>}</p>
        </Confirm>
      )}
      {secret && <Secret title={t`The key ${secret.name}`} secret={secret.text} onClose={() => setSecret(null)} />}
    </>
  );
}

function KeyForm({ of, onClose, onDone }: { of?: Key; onClose: () => void; onDone: (secret: { text: string; name: string } | null) => void }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems } = useAct();
  const [name, setName] = useState(of?.name ?? '');
  const [scope, setScope] = useState<ApiKeyScope>('READ');
  const [expires, setExpires] = useState(of?.expiresAt?.slice(0, 10) ?? '');
  const [networks, setNetworks] = useState(of?.networks?.join(', ') ?? '');
  async function submit(): Promise<void> {
    const list = networks.split(',').map((one) => one.trim()).filter(Boolean);
    const input = {
      name: name.trim(), networks: list.length ? list : null,
      // A day that was not changed keeps its hour.
      expiresAt: expires ? (of?.expiresAt?.startsWith(expires) ? of.expiresAt : `${expires}T23:59:59Z`) : null,
    };
    if (of) {
      if (!(await act(UpdateKeyDocument, { input: { id: of.id, ...input } }))) return;
      onClose();
      return onDone(null);
    }
    const done = await act(CreateKeyDocument, { input: { scope, ...input } });
    if (!done) return;
    onClose();
    onDone(done.secret ? { text: done.secret, name: input.name } : null);
  }
  return (
    <AskForm title={of ? of.name : <Trans>New key</Trans>} action={<Trans>Save</Trans>} busy={busy} problems={besides(problems, 'name', 'expiresAt', 'networks')} onSubmit={() => void submit()} onClose={onClose}>
      <TextField label={t`Name`} value={name} onChange={setName} problems={problems} name="name" hint={t`The program that uses it`} autoFocus />
      {!of && <ChoiceField label={t`Scope`} value={scope} options={SCOPES.map((one) => [one, word(one)] as const)} onChange={setScope} wrong={wrongIn(problems, 'scope')} />}
      <TextField label={t`Works until`} type="date" value={expires} onChange={setExpires} problems={problems} name="expiresAt" hint={t`Empty: until it is revoked`} />
      <TextField label={t`Only from these networks`} value={networks} onChange={setNetworks} problems={problems} name="networks" hint={t`Such as 203.0.113.0/24; several are separated by commas`} />
    </AskForm>
  );
}

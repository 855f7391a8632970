import { Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';

import { useAct } from '../../api/acts';
import { isAdministrator, useViewer } from '../../api/viewer';
import { CreateWebhookDocument, UpdateWebhookDocument, WebhooksDocument } from '../../api/webhooks';
import { ago, count } from '../../format';
import type { Topic, WebhooksQuery } from '../../gql/graphql';
import { AskForm, besides, Secret, TextField, useTitle } from '../../ui/editing';
import { Icon } from '../../ui/icon';
import { Card, Empty, Failed, Loading, PageHead, Several, Status } from '../../ui/parts';
import { say } from '../../ui/toasts';

export type Webhook = WebhooksQuery['webhooks'][number];
const TOPICS: readonly Topic[] = [
  'SEGMENT_CREATED', 'SEGMENT_UPDATED', 'SEGMENT_ARCHIVED', 'SEGMENT_DELETED', 'REACH_READY', 'REACH_FAILED', 'MEMBERS_ENTERED', 'MEMBERS_EXITED',
  'IMPORT_FINISHED', 'EXPORT_FINISHED', 'DELIVERY_CHANGED', 'CAMPAIGN_CHANGED', 'METRICS_CHANGED', 'PLAYBOOK_CHANGED', 'LABEL_CHANGED', 'FOLDER_CHANGED', 'USER_CHANGED',
];

export default function WebhooksPage(): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [{ data, error, fetching }, ask] = useQuery({ query: WebhooksDocument });
  const again = (): void => ask({ requestPolicy: 'network-only' });
  const [isNew, setNew] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  useTitle(t`Webhooks`);
  return (
    <>
      <PageHead title={<Trans>Webhooks</Trans>} below={<Trans>Messages to your own programs about what happens here.</Trans>}>
        {isAdministrator(viewer) && <button type="button" className="button primary" onClick={() => setNew(true)}><Icon name="plus" /><Trans>New webhook</Trans></button>}
      </PageHead>
      {error && <Failed error={error} again={again} />}
      <Card bare>
        {!data && fetching && <div className="body"><Loading /></div>}
        {data?.webhooks.length === 0 && <Empty title={<Trans>There are no webhooks yet</Trans>}><p><Trans>A webhook calls an address of yours when, for example, members enter a segment.</Trans></p></Empty>}
        <ul className="plain-list">
          {data?.webhooks.map((webhook) => (
            <li key={webhook.id}>
              <div className="grow">
                <Link href={`/webhooks/${webhook.id}`}><strong>{webhook.description || webhook.url}</strong></Link>
                <p className="muted small">{webhook.description && `${webhook.url} · `}<Trans>Topics: {webhook.topics.length}</Trans></p>
              </div>
              {webhook.failingSince && <span className="badge bad"><Trans>failing since {ago(webhook.failingSince)}: {count(webhook.failureCount)} times</Trans></span>}
              <Status of={webhook.status} />
            </li>
          ))}
        </ul>
      </Card>
      {isNew && <WebhookForm onClose={() => setNew(false)} onDone={(made) => { setSecret(made); again(); }} />}
      {secret && <WebhookSecret secret={secret} onClose={() => setSecret(null)} />}
    </>
  );
}

export function WebhookSecret({ secret, onClose }: { secret: string; onClose: () => void }): ReactNode {
  return <Secret title={<Trans>The secret of the webhook</Trans>} secret={secret} onClose={onClose}><p className="muted"><Trans>With it your program proves that a message is ours.</Trans></p></Secret>;
}

export function WebhookForm({ webhook, onClose, onDone }: { webhook?: Webhook; onClose: () => void; onDone: (secret: string | null) => void }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems } = useAct();
  const [url, setUrl] = useState(webhook?.url ?? '');
  const [description, setDescription] = useState(webhook?.description ?? '');
  const [topics, setTopics] = useState<readonly Topic[]>(webhook?.topics ?? ['MEMBERS_ENTERED', 'MEMBERS_EXITED']);
  async function submit(): Promise<void> {
    const input = { url: url.trim(), description: description.trim() || null, topics: [...topics] };
    const done = webhook ? await act(UpdateWebhookDocument, { input: { id: webhook.id, ...input } }) : await act(CreateWebhookDocument, { input });
    if (!done) return;
    say(t`Saved`);
    onClose();
    onDone(done.secret ?? null);
  }
  return (
    <AskForm wide title={webhook ? <Trans>Edit the webhook</Trans> : <Trans>New webhook</Trans>} action={<Trans>Save</Trans>} busy={busy} problems={besides(problems, 'url', 'description')} onSubmit={() => void submit()} onClose={onClose}>
      <TextField label={t`Address`} type="url" value={url} onChange={setUrl} problems={problems} name="url" placeholder="https://" autoFocus />
      <TextField label={t`Description`} value={description} onChange={setDescription} problems={problems} name="description" />
      <Several legend={t`Topics`} values={topics} options={TOPICS} onChange={setTopics} />
    </AskForm>
  );
}

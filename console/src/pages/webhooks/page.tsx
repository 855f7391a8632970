// One webhook: its messages, the attempts to send each, a test, and sending again.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link, useLocation } from 'wouter';

import { useAct } from '../../api/acts';
import { usePages } from '../../api/pages';
import { isAdministrator, useViewer } from '../../api/viewer';
import { DeleteWebhookDocument, MessageDocument, MessagesDocument, PauseWebhookDocument, ReplayDocument, ResumeWebhookDocument, RotateWebhookDocument, TestWebhookDocument, WebhooksDocument } from '../../api/webhooks';
import { ago, count, moment, NOTHING } from '../../format';
import type { WebhookDeliveryStatus } from '../../gql/graphql';
import { useAddress } from '../../url';
import { Facts, TextField, useTitle } from '../../ui/editing';
import { Actions, Ask, Card, Confirm, Empty, Failed, Loading, PageHead, Status, Tabs } from '../../ui/parts';
import { complain, say } from '../../ui/toasts';
import { word } from '../../words';
import { WebhookForm, WebhookSecret } from './list';

const STATUSES: readonly WebhookDeliveryStatus[] = ['PENDING', 'DELIVERED', 'FAILED'];

export default function WebhookPage({ id }: { id: string }): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [, go] = useLocation();
  const { act, problems } = useAct();
  const [one] = useAddress();
  const status = STATUSES.find((name) => name === one('status'));
  const [{ data, error, fetching }, ask] = useQuery({ query: WebhooksDocument });
  const pages = usePages(MessagesDocument, { id, first: 50, status: status ?? null }, (found) => (found.node && 'deliveries' in found.node ? found.node.deliveries : null));
  const [asked, setAsked] = useState<'edit' | 'rotate' | 'delete' | 'replay' | null>(null);
  const [opened, setOpened] = useState<string | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const [since, setSince] = useState(new Date(Date.now() - 86_400_000).toISOString().slice(0, 10));
  const webhook = data?.webhooks.find((found) => found.id === id);
  const again = (): void => { ask({ requestPolicy: 'network-only' }); pages.again(); };
  const { again: messagesAgain } = pages;
  // Attempts publish no events, so the page asks while it is looked at.
  useEffect(() => {
    const timer = setInterval(() => { if (!document.hidden) messagesAgain(); }, 5_000);
    return () => clearInterval(timer);
  }, [messagesAgain]);
  useTitle(webhook?.url ?? t`Webhook`);
  if (!webhook) {
    if (error) return <Failed error={error} again={again} />;
    if (fetching) return <Loading />;
    return <Empty title={<Trans>There is no such webhook</Trans>}><Link href="/webhooks" className="button"><Trans>Go to the webhooks</Trans></Link></Empty>;
  }
  const manages = isAdministrator(viewer);
  const close = (): void => setAsked(null);
  async function step(what: 'test' | 'pause' | 'resume'): Promise<void> {
    const input = { id };
    const done = what === 'test' ? await act(TestWebhookDocument, { input }) : what === 'pause' ? await act(PauseWebhookDocument, { input }) : await act(ResumeWebhookDocument, { input });
    if (!done) return complain(t`It was refused.`);
    say(what === 'test' ? t`A test message is on its way` : t`Saved`);
    again();
  }
  async function replay(input: { deliveryId?: string; since?: string }): Promise<boolean> {
    const done = await act(ReplayDocument, { input: { id, ...input } });
    if (done) say(t`Sent again: ${done.replayed}`);
    again();
    return Boolean(done);
  }
  return (
    <>
      <PageHead title={webhook.description || webhook.url} below={<div className="row"><Status of={webhook.status} />{webhook.description && <span>{webhook.url}</span>}{webhook.statusReason}</div>}>
        {manages && <button type="button" className="button primary" onClick={() => void step('test')}><Trans>Send a test</Trans></button>}
        {manages && (
          <Actions
            label={t`Actions for the webhook`} text={t`Actions`}
            actions={[
              { key: 'edit', label: t`Edit`, run: () => setAsked('edit') },
              webhook.status === 'ACTIVE' ? { key: 'pause', label: t`Pause`, run: () => void step('pause') } : { key: 'resume', label: t`Resume`, run: () => void step('resume') },
              { key: 'replay', label: t`Send failed messages again`, run: () => setAsked('replay') },
              { key: 'rotate', label: t`Make a new secret`, run: () => setAsked('rotate') },
              { key: 'delete', label: t`Delete`, danger: true, run: () => setAsked('delete') },
            ]}
          />
        )}
      </PageHead>
      {error && <Failed error={error} again={again} />}
      <Card>
        <Facts
          of={[
            [t`Secret`, <>{webhook.secretHint}{webhook.previousSecretUntil && <span className="muted small"> <Trans>(the old one signs too until {moment(webhook.previousSecretUntil)})</Trans></span>}</>],
            [t`Failures in a row`, count(webhook.failureCount)],
            [t`Next attempt`, webhook.nextAttemptAt ? ago(webhook.nextAttemptAt) : NOTHING],
          ]}
        />
        <div className="chips" style={{ marginTop: '0.75rem' }} role="list" aria-label={t`Topics`}>{webhook.topics.map((topic) => <span key={topic} role="listitem" className="badge">{word(topic)}</span>)}</div>
      </Card>
      <Card title={<Trans>Messages</Trans>} bare side={<span className="muted small" role="status">{pages.totalCount != null && <Plural value={pages.totalCount} one="# message" other="# messages" />}</span>}>
        <Tabs label={t`Status of messages`} tabs={[{ key: 'all', href: `/webhooks/${id}`, text: t`All`, current: !status }, ...STATUSES.map((name) => ({ key: name, href: `/webhooks/${id}?status=${name}`, text: word(name), current: name === status }))]} />
        {pages.error && <Failed error={pages.error} again={pages.again} />}
        {pages.rows.length === 0 && (pages.isFetching ? <div className="body"><Loading rows={3} /></div> : <p className="body muted"><Trans>There are no messages. Send a test to see one.</Trans></p>)}
        <ul className="plain-list">
          {pages.rows.map((row) => (
            <li key={row.id}>
              <button type="button" className="button plain small grow" style={{ justifyContent: 'flex-start' }} onClick={() => setOpened(row.id)}>{row.topic ? word(row.topic) : t`Test`} <span className="muted">{row.messageId}</span></button>
              <span className="muted small"><Plural value={row.attemptCount} one="# attempt" other="# attempts" />, <span title={moment(row.createdAt)}>{ago(row.createdAt)}</span></span>
              <Status of={row.status} />
              {manages && row.status === 'FAILED' && <button type="button" className="button small" onClick={() => void replay({ deliveryId: row.id })}><Trans>Send again</Trans></button>}
            </li>
          ))}
        </ul>
        {pages.hasMore && <div className="body"><button type="button" className="button small" onClick={pages.more}><Trans>Show more</Trans></button></div>}
      </Card>
      {opened && <Message id={opened} onClose={() => setOpened(null)} />}
      {asked === 'edit' && <WebhookForm webhook={webhook} onClose={close} onDone={again} />}
      {asked === 'replay' && (
        <Confirm title={t`Send failed messages again`} action={<Trans>Send again</Trans>} problems={problems} onClose={close} onConfirm={() => replay({ since: `${since}T00:00:00Z` })}>
          <TextField label={t`All that failed since`} type="date" value={since} onChange={setSince} />
        </Confirm>
      )}
      {asked === 'rotate' && (
        <Confirm
          title={t`Make a new secret`} action={<Trans>Make a new secret</Trans>} problems={problems} onClose={close}
          onConfirm={async () => {
            const done = await act(RotateWebhookDocument, { input: { id } });
            if (done?.secret) setSecret(done.secret);
            return Boolean(done);
          }}
        >
          <p><Trans>For a while messages are signed with both, so that your program can change over.</Trans></p>
        </Confirm>
      )}
      {asked === 'delete' && (
        <Confirm
          title={t`Delete the webhook`} action={<Trans>Delete</Trans>} danger problems={problems} onClose={close}
          onConfirm={async () => {
            if (!(await act(DeleteWebhookDocument, { input: { id } }))) return false;
            go('/webhooks', { replace: true });
            return true;
          }}
        >
          <p><Trans>Messages that wait are not sent any more, and the account of those sent is deleted.</Trans></p>
        </Confirm>
      )}
      {secret && <WebhookSecret secret={secret} onClose={() => setSecret(null)} />}
    </>
  );
}

function Message({ id, onClose }: { id: string; onClose: () => void }): ReactNode {
  const [{ data, error }] = useQuery({ query: MessageDocument, variables: { id }, requestPolicy: 'network-only' });
  const message = data?.node && 'attempts' in data.node ? data.node : null;
  return (
    <Ask wide title={message?.topic ? word(message.topic) : <Trans>Message</Trans>} onClose={onClose}>
      {error && <Failed error={error} />}
      {!message ? !error && <Loading /> : (
        <>
          <div className="row"><Status of={message.status} /><span className="muted small">{message.messageId}</span></div>
          <ul className="plain-list">
            {message.attempts.nodes.map((attempt) => (
              <li key={attempt.id}>
                <span className="grow">{moment(attempt.at)}</span>
                <span className="muted small">{count(Math.round(attempt.durationSeconds * 1000))} ms</span>
                <span className={`badge ${attempt.statusCode && attempt.statusCode < 300 ? 'good' : 'bad'}`}>{attempt.statusCode ?? <Trans>no answer</Trans>}</span>
                {attempt.error && <span className="wrong small">{attempt.error}</span>}
              </li>
            ))}
          </ul>
          {message.payload && <pre className="payload" tabIndex={0}>{pretty(message.payload)}</pre>}
        </>
      )}
    </Ask>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

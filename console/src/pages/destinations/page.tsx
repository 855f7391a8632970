// Other systems that get segments, and how far each delivery is.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';

import { useAct } from '../../api/acts';
import { DeactivateDeliveryDocument, DeleteDestinationDocument, DeliveriesDocument, DeliverDocument, DestinationsDocument, RetryDeliveryDocument, TestDestinationDocument } from '../../api/destinations';
import { useSegmentEvents } from '../../api/events';
import { usePages } from '../../api/pages';
import { may, mayWrite, useViewer } from '../../api/viewer';
import { ago, count, moment, NOTHING } from '../../format';
import type { DeliveriesQuery, DeliveryStatus, DestinationsQuery } from '../../gql/graphql';
import { useAddress } from '../../url';
import { AskForm, Secret, SegmentPicker, useTitle, type Picked } from '../../ui/editing';
import { Icon } from '../../ui/icon';
import { Actions, Below, Card, Confirm, Empty, Failed, Loading, PageHead, Progress, Several, Status } from '../../ui/parts';
import { complain, say } from '../../ui/toasts';
import { word } from '../../words';
import { DestinationForm } from './form';

type Destination = DestinationsQuery['destinations'][number];
type Delivery = DeliveriesQuery['deliveries']['nodes'][number];
const STATUSES: readonly DeliveryStatus[] = ['NOT_SENT', 'BUILDING', 'ACTIVE', 'INACTIVE', 'FAILED'];

export default function DestinationsPage(): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const manages = may(viewer, 'MANAGE_DESTINATIONS');
  const { act } = useAct();
  const [{ data, error, fetching }, ask] = useQuery({ query: DestinationsDocument });
  const again = (): void => ask({ requestPolicy: 'network-only' });
  const [asked, setAsked] = useState<{ what: 'new' | 'edit' | 'delete' | 'deliver'; destination?: Destination } | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  useTitle(t`Destinations`);
  const close = (): void => setAsked(null);

  async function test(destination: Destination): Promise<void> {
    say(t`Calling ${destination.name}`);
    const done = await act(TestDestinationDocument, { input: { id: destination.id } });
    if (!done?.test) return complain(t`${destination.name} could not be tested.`);
    if (done.test.ok) say(t`${destination.name} was reached and accepted the call.`);
    else complain(`${destination.name}: ${done.test.reason ?? done.test.statusCode ?? ''}`);
  }

  return (
    <>
      <PageHead title={<Trans>Destinations</Trans>} below={<Trans>Other systems that get the members of segments and are kept up to date.</Trans>}>
        {manages && <button type="button" className="button primary" onClick={() => setAsked({ what: 'new' })}><Icon name="plus" /><Trans>New destination</Trans></button>}
      </PageHead>
      {error && <Failed error={error} again={again} />}
      {!data && fetching && <Loading />}
      {data?.destinations.length === 0 && <div className="card"><Empty title={<Trans>There are no destinations yet</Trans>}><p><Trans>An email service, a program of yours that takes HTTP calls, or a folder with files.</Trans></p></Empty></div>}
      <div className="halves">
        {data?.destinations.map((destination) => (
          <Card
            key={destination.id} title={destination.name}
            side={(
              <div className="row">
                <span className="badge">{word(destination.type)}</span>{destination.channel && <span className="badge accent">{word(destination.channel)}</span>}
                <Actions
                  label={t`Actions for ${destination.name}`}
                  actions={[
                    ...(mayWrite(viewer) ? [{ key: 'deliver', label: t`Deliver a segment`, run: () => setAsked({ what: 'deliver', destination }) }] : []),
                    ...(manages ? [
                      { key: 'test', label: t`Test`, run: () => void test(destination) },
                      { key: 'edit', label: t`Edit`, run: () => setAsked({ what: 'edit', destination }) },
                      { key: 'delete', label: t`Delete`, danger: true, run: () => setAsked({ what: 'delete', destination }) },
                    ] : []),
                  ]}
                />
              </div>
            )}
          >
            <div className="stack tight small">
              <p className="muted">{destination.url ?? <Trans>Files in a folder of the server</Trans>}{destination.authSecretHint && ` · ${destination.authSecretHint}`}</p>
              <p className="muted">{t`Fields: ${Object.keys(destination.mapping as object).join(', ') || NOTHING}`}</p>
            </div>
          </Card>
        ))}
      </div>
      <Deliveries destinations={data?.destinations ?? []} />
      {(asked?.what === 'new' || asked?.what === 'edit') && <DestinationForm {...(asked.destination && { destination: asked.destination })} onClose={close} onDone={(made) => { setSecret(made); again(); }} />}
      {asked?.what === 'deliver' && asked.destination && <Deliver destination={asked.destination} onClose={close} />}
      {asked?.what === 'delete' && asked.destination && <Delete destination={asked.destination} onClose={close} onDone={again} />}
      {secret && <Secret title={<Trans>The signing secret</Trans>} secret={secret} onClose={() => setSecret(null)}><p className="muted"><Trans>With it the receiver proves that a call is ours.</Trans></p></Secret>}
    </>
  );
}

function Deliveries({ destinations }: { destinations: readonly Destination[] }): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const { act, problems } = useAct();
  const [one, many, change] = useAddress();
  const statuses = STATUSES.filter((status) => many('status').includes(status));
  const pages = usePages(
    DeliveriesDocument, { first: 50, destinationId: one('destination') || null, statuses: statuses.length ? statuses : null },
    (data) => data.deliveries, { refreshedBy: ['DELIVERY_CHANGED'] },
  );
  const [stopped, setStopped] = useState<Delivery | null>(null);
  const [keep, setKeep] = useState(false);
  useSegmentEvents((event) => { if (event.__typename === 'DeliveryChanged') pages.again(); });
  async function retry(delivery: Delivery): Promise<void> {
    const done = await act(RetryDeliveryDocument, { input: { id: delivery.id } });
    if (done) say(t`It is tried again`);
    else complain(t`It could not be tried again.`);
    pages.again();
  }
  return (
    <Card
      title={<Trans>Deliveries</Trans>} bare
      side={(
        <div className="row">
          <select aria-label={t`Destination`} style={{ width: 'auto' }} value={one('destination')} onChange={(event) => change({ destination: event.target.value })}>
            <option value="">{t`All destinations`}</option>
            {destinations.map((destination) => <option key={destination.id} value={destination.id}>{destination.name}</option>)}
          </select>
          <Below text={<>{t`Status`}{statuses.length > 0 && <span className="badge accent">{statuses.length}</span>}</>} label={t`Status`}>
            <Several legend={t`Status`} values={statuses} options={STATUSES} onChange={(status) => change({ status })} />
          </Below>
        </div>
      )}
    >
      {pages.error && <Failed error={pages.error} again={pages.again} />}
      {pages.rows.length === 0 && (pages.isFetching ? <div className="body"><Loading rows={2} /></div> : <p className="body muted"><Trans>Nothing is delivered. Choose “Deliver a segment” at a destination.</Trans></p>)}
      <div className="scroll" tabIndex={0} role="region" aria-label={t`Deliveries`}>
        {pages.rows.length > 0 && (
          <table className="wide">
            <thead><tr><th><Trans>Segment</Trans></th><th><Trans>Destination</Trans></th><th><Trans>Status</Trans></th><th className="number"><Trans>On the list</Trans></th><th className="number"><Trans>Members</Trans></th><th><Trans>Left out</Trans></th><th><Trans>As of</Trans></th><th><span className="hidden-text"><Trans>Actions</Trans></span></th></tr></thead>
            <tbody>
              {pages.rows.map((row) => {
                const out = [[row.noAddressCount, 'NO_ADDRESS'], [row.noConsentCount, 'NO_CONSENT'], [row.suppressedCount, 'SUPPRESSED'], [row.rejectedCount, 'REJECTED']] as const;
                return (
                  <tr key={row.id}>
                    <td>{row.segment ? <Link href={`/segments/${row.segment.id}`}>{row.segment.name}</Link> : NOTHING}</td>
                    <td>{row.destination.name}</td>
                    <td>
                      <Status of={row.status} /> {row.status === 'BUILDING' && <Progress value={row.progress} label={t`Delivering ${row.segment?.name ?? ''}`} />}
                      {row.isEmptying && <span className="muted small"> <Trans>the list is being emptied</Trans></span>}
                      {row.error && <div className="wrong small">{row.error.message}</div>}
                      {row.retryAt && <div className="muted small"><Trans>Next attempt {ago(row.retryAt)}</Trans></div>}
                    </td>
                    <td className="number">{count(row.deliveredCount)}</td><td className="number">{count(row.memberCount)}</td>
                    <td className="small">{out.filter(([n]) => n).map(([n, reason]) => `${word(reason)}: ${count(n)}`).join(', ') || NOTHING}</td>
                    <td className="small" title={moment(row.asOf)}>{ago(row.asOf)}</td>
                    <td>
                      {mayWrite(viewer) && (
                        <div className="row">
                          {row.status === 'FAILED' && <button type="button" className="button small" onClick={() => void retry(row)}><Trans>Try again</Trans></button>}
                          {row.status !== 'INACTIVE' && <button type="button" className="button small" onClick={() => { setKeep(false); setStopped(row); }}><Trans>Stop</Trans></button>}
                        </div>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </div>
      {pages.hasMore && <div className="body"><button type="button" className="button small" onClick={pages.more}><Trans>Show more</Trans></button></div>}
      {stopped && (
        <Confirm
          title={t`Stop the delivery to ${stopped.destination.name}`} action={<Trans>Stop</Trans>} danger problems={problems} onClose={() => setStopped(null)}
          onConfirm={async () => {
            const done = await act(DeactivateDeliveryDocument, { input: { id: stopped.id, keepMembers: keep } });
            if (done) pages.again();
            return Boolean(done);
          }}
        >
          <p>{keep ? <Trans>The list stays at the destination as it is now.</Trans> : <Plural value={stopped.deliveredCount} one="# member is taken off the list." other="# members are taken off the list." />}</p>
          <label className="check"><input type="checkbox" checked={keep} onChange={(event) => setKeep(event.target.checked)} /><Trans>Keep the members on the list</Trans></label>
        </Confirm>
      )}
    </Card>
  );
}

function Deliver({ destination, onClose }: { destination: Destination; onClose: () => void }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems, setProblems } = useAct();
  const [chosen, setChosen] = useState<readonly Picked[]>([]);
  async function submit(): Promise<void> {
    const [segment] = chosen;
    if (!segment) return setProblems([{ code: 'REQUIRED', message: t`Choose a segment.` }]);
    if (!(await act(DeliverDocument, { input: { segmentId: segment.id, destinationId: destination.id } }))) return;
    say(t`The delivery of ${segment.name} has begun`);
    onClose();
  }
  return (
    <AskForm title={t`Deliver to ${destination.name}`} action={<Trans>Deliver</Trans>} busy={busy} problems={problems} onSubmit={() => void submit()} onClose={onClose}>
      <SegmentPicker legend={t`Segment`} chosen={chosen} onChange={(next) => setChosen(next.slice(-1))} />
    </AskForm>
  );
}

function Delete({ destination, onClose, onDone }: { destination: Destination; onClose: () => void; onDone: () => void }): ReactNode {
  const { t } = useLingui();
  const { act, problems } = useAct();
  const [{ data }] = useQuery({ query: DeliveriesDocument, variables: { first: 20, destinationId: destination.id, statuses: ['NOT_SENT', 'BUILDING', 'ACTIVE', 'FAILED'] }, requestPolicy: 'network-only' });
  const used = data?.deliveries.nodes ?? [];
  return (
    <Confirm
      title={t`Delete ${destination.name}`} action={<Trans>Delete</Trans>} danger problems={problems} onClose={onClose}
      onConfirm={async () => {
        if (!(await act(DeleteDestinationDocument, { input: { id: destination.id } }))) return false;
        say(t`Deleted`);
        onDone();
        return true;
      }}
    >
      <p><Trans>Lists that were delivered stay in the other system.</Trans></p>
      {used.length > 0 && <p className="note warn">{t`These deliveries prevent it: ${used.map((one) => one.segment?.name ?? NOTHING).join(', ')}. Stop them first.`}</p>}
    </Confirm>
  );
}

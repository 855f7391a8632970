// Everything that is known of one member, where it came from and what can be done about it.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link, useLocation } from 'wouter';

import { useAct } from '../../api/acts';
import { useLiveEvents } from '../../api/events';
import { ConsentsDocument, MemberDocument, MemberEventsDocument, MemberFieldsDocument, MemberSuppressionsDocument } from '../../api/members';
import { usePages } from '../../api/pages';
import { may, mayWrite, useViewer } from '../../api/viewer';
import { ago, count, day, moment, money, NOTHING } from '../../format';
import type { Channel, ConsentState, MemberQuery } from '../../gql/graphql';
import { AskForm, ChoiceField, Facts, useTitle } from '../../ui/editing';
import { Actions, Card, Empty, Failed, Figure, Loading, PageHead, Status } from '../../ui/parts';
import { say } from '../../ui/toasts';
import { useAddress } from '../../url';
import { oneOf, word } from '../../words';
import { Why } from '../segment/why';
import { MemberForm } from './form';
import { AddToSegment, AskTags, Erase } from './steps';
import { addressLine, show } from './values';

type Member = NonNullable<MemberQuery['member']>;

export default function MemberPage({ id }: { id: string }): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [, go] = useLocation();
  const [{ data, error, fetching }, ask] = useQuery({ query: MemberDocument, variables: { id } });
  const [asked, setAsked] = useState<'edit' | 'tag' | 'consents' | 'add' | 'erase' | null>(null);
  const again = (): void => ask({ requestPolicy: 'network-only' });
  useLiveEvents(['MEMBERS_ENTERED', 'MEMBERS_EXITED', 'IMPORT_FINISHED'], again);
  const member = data?.member;
  const name = member ? (member.name ?? member.externalId) : '';
  useTitle(name || t`Member`);
  if (!member) {
    if (error) return <Failed error={error} again={again} />;
    if (fetching) return <Loading />;
    return <Empty title={<Trans>There is no such member</Trans>}><p><Trans>It was erased, or merged into another one.</Trans></p><Link href="/members" className="button"><Trans>Go to the members</Trans></Link></Empty>;
  }
  const { currency } = viewer.workspace;
  const close = (): void => setAsked(null);
  return (
    <>
      <PageHead
        title={name}
        below={(
          <div className="row">
            <span className="badge accent">{oneOf(member.kind)}</span>
            {member.isTarget && <span className="badge good"><Trans>Target</Trans></span>}
            {member.tags.map((tag) => <span key={tag} className="badge">{tag}</span>)}
            <span className="small">{member.externalId}</span>
          </div>
        )}
      >
        {mayWrite(viewer) && <button type="button" className="button" onClick={() => setAsked('edit')}><Trans>Edit</Trans></button>}
        {mayWrite(viewer) && (
          <Actions
            label={t`Actions for ${name}`} text={t`Actions`}
            actions={[
              { key: 'tag', label: t`Tags`, run: () => setAsked('tag') },
              { key: 'consents', label: t`Consents`, run: () => setAsked('consents') },
              { key: 'add', label: t`Add to segments`, run: () => setAsked('add') },
              ...(may(viewer, 'ERASE_MEMBERS') ? [{ key: 'erase', label: t`Erase`, danger: true, run: () => setAsked('erase') }] : []),
            ]}
          />
        )}
      </PageHead>
      {error && <Failed error={error} again={again} />}
      <div className="figures">
        <Figure label={<Trans>Score</Trans>}>{count(member.score)}</Figure>
        <Figure label={<Trans>Orders</Trans>}>{count(member.value.orders)}</Figure>
        <Figure label={<Trans>Order revenue</Trans>}>{money(member.value.revenue, currency)}</Figure>
        <Figure label={<Trans>Average order</Trans>}>{money(member.value.averageOrderValue, currency)}</Figure>
        <Figure label={<Trans>Lifetime value</Trans>}>{money(member.value.customerLifetimeValue, currency)}</Figure>
        <Figure label={<Trans>Segments</Trans>}>{count(member.segments.totalCount)}</Figure>
      </div>
      <div className="halves">
        <div className="stack">
          <Card title={<Trans>Profile</Trans>}><Profile member={member} currency={currency} /></Card>
          <Attributes member={member} />
          <Related member={member} />
        </div>
        <div className="stack">
          <InSegments member={member} />
          <Reachable member={member} />
          <Events id={id} currency={currency} />
        </div>
      </div>
      {asked === 'edit' && <MemberForm kind={member.kind} member={member} onClose={close} onDone={again} />}
      {asked === 'tag' && <AskTags members={[member]} onClose={close} onDone={again} />}
      {asked === 'consents' && <AskConsents member={member} onClose={close} onDone={again} />}
      {asked === 'add' && <AddToSegment kind={member.kind} members={[member]} onClose={close} onDone={again} />}
      {asked === 'erase' && <Erase members={[member]} onClose={close} onDone={() => go(`/members?kind=${member.kind}`, { replace: true })} />}
    </>
  );
}

function Profile({ member, currency }: { member: Member; currency: string }): ReactNode {
  const { t } = useLingui();
  const [{ data }] = useQuery({ query: MemberFieldsDocument, variables: { kind: member.kind } });
  const label = (name: string): string => data?.criteriaFields.find((field) => field.name === name)?.label ?? name;
  const names = ['firstName', 'lastName', 'salutation', 'email', 'phone', 'domain', 'industry'] as const;
  const { address, city } = member;
  const place = address && city && address.includes(city) ? address : [address, [member.postalCode, member.city].filter(Boolean).join(' '), member.state, member.country].filter(Boolean).join(', ');
  const facts: (readonly [ReactNode, ReactNode])[] = [
    ...names.filter((name) => member[name]).map((name) => [label(name), member[name]] as const),
    ...(member.employees != null ? [[label('employees'), count(member.employees)] as const] : []),
    ...(member.revenue != null ? [[label('revenue'), money(member.revenue, currency)] as const] : []),
    [t`Address`, place || NOTHING],
    ...(member.shippingAddress ? [[t`Shipping address`, addressLine(member.shippingAddress)] as const] : []),
    ...(member.billingAddress ? [[t`Billing address`, addressLine(member.billingAddress)] as const] : []),
    [t`Created`, moment(member.createdAt)],
    [t`Last change`, moment(member.updatedAt)],
  ];
  return <Facts of={facts} />;
}

/** By which channels the member may be contacted: its consents, and addresses that must not be used. */
function Reachable({ member }: { member: Member }): ReactNode {
  const addresses = [member.email, member.phone].filter((one): one is string => Boolean(one));
  return (
    <Card title={<Trans>Consent and suppression</Trans>} bare>
      <ul className="plain-list">
        {member.consents.map((consent) => <li key={consent.channel}><span className="grow">{word(consent.channel)}</span><Status of={consent.state} /></li>)}
        {addresses.map((address) => <Suppressed key={address} address={address} />)}
      </ul>
    </Card>
  );
}

function Suppressed({ address }: { address: string }): ReactNode {
  const [{ data }] = useQuery({ query: MemberSuppressionsDocument, variables: { search: address } });
  const found = data?.suppressions.nodes.filter((one) => one.address === address) ?? [];
  return found.map((one) => (
    <li key={one.id}>
      <span className="grow">{one.address}</span><span className="muted small">{word(one.reason)}, {day(one.suppressedAt)}</span>
      <span className="badge bad">{word(one.channel)}: <Trans>suppressed</Trans></span>
    </li>
  ));
}

function Attributes({ member }: { member: Member }): ReactNode {
  const [{ data }] = useQuery({ query: MemberFieldsDocument, variables: { kind: member.kind } });
  const given = Object.entries(member.attributes as Record<string, unknown>).toSorted(([a], [b]) => a.localeCompare(b));
  return (
    <Card title={<Trans>Attributes</Trans>}>
      {given.length ? <Facts of={given.map(([name, value]) => [data?.criteriaFields.find((field) => field.name === name)?.label ?? name, show(value)])} /> : <p className="muted"><Trans>It has no attributes of yours.</Trans></p>}
    </Card>
  );
}

function InSegments({ member }: { member: Member }): ReactNode {
  const { t } = useLingui();
  const [why, setWhy] = useState<string | null>(null);
  const { edges, totalCount } = member.segments;
  return (
    <Card title={<Trans>Segments</Trans>} bare side={totalCount > edges.length && <span className="muted small"><Trans>The first {edges.length} of {totalCount}</Trans></span>}>
      {edges.length === 0 && <p className="body muted"><Trans>It is in no segment.</Trans></p>}
      <ul className="plain-list">
        {edges.map(({ node, enteredAt, sources, playbooks }) => (
          <li key={node.id}>
            <Link href={`/segments/${node.id}`} className="grow">{node.name}</Link>
            <span className="muted small">{sources.map(word).join(', ')}{playbooks.length > 0 && `: ${playbooks.map((one) => one.name).join(', ')}`}{enteredAt && `, ${t`since`} ${day(enteredAt)}`}</span>
            <button type="button" className="button small" aria-label={t`Why is it in ${node.name}?`} onClick={() => setWhy(node.id)}><Trans>Why?</Trans></button>
          </li>
        ))}
      </ul>
      {why && <Why segmentId={why} memberId={member.id} onClose={() => setWhy(null)} />}
    </Card>
  );
}

function Related({ member }: { member: Member }): ReactNode {
  return (
    <Card title={<Trans>Relations</Trans>} bare>
      {member.related.length === 0 && <p className="body muted"><Trans>It is related to no other member.</Trans></p>}
      <ul className="plain-list scrolled">
        {member.related.map((one) => <li key={one.id}><Link href={`/members/${one.id}`} className="grow">{one.name ?? one.externalId}</Link><span className="badge">{oneOf(one.kind)}</span></li>)}
      </ul>
    </Card>
  );
}

function Events({ id, currency }: { id: string; currency: string }): ReactNode {
  const { t } = useLingui();
  const [one, , change] = useAddress();
  const name = one('event');
  const pages = usePages(MemberEventsDocument, { id, first: 30, names: name ? [name] : null }, (data) => data.member?.events);
  const [known, setKnown] = useState<readonly string[]>([]);
  const names = [...new Set([...known, ...pages.rows.map((event) => event.name)])];
  if (names.length > known.length) setKnown(names);
  return (
    <Card
      title={<Trans>Events and orders</Trans>} bare
      side={names.length > 1 && (
        <select aria-label={t`Show events`} style={{ width: 'auto' }} value={name} onChange={(event) => change({ event: event.target.value })}>
          <option value="">{t`All`}</option>
          {names.map((key) => <option key={key} value={key}>{key}</option>)}
        </select>
      )}
    >
      {pages.error && <Failed error={pages.error} again={pages.again} />}
      {pages.rows.length === 0 && (pages.isFetching ? <div className="body"><Loading rows={2} /></div> : <p className="body muted"><Trans>It has no events.</Trans></p>)}
      <ul className="plain-list scrolled">
        {pages.rows.map((event) => (
          <li key={event.id}>
            <strong>{event.name}</strong>
            {event.value != null && <span className="badge accent">{money(event.value, currency)}</span>}
            <span className="muted small grow">{Object.entries(event.properties as Record<string, unknown>).map(([key, value]) => `${key}: ${show(value)}`).join(' · ')}</span>
            <span className="muted small" title={moment(event.occurredAt)}>{ago(event.occurredAt)}</span>
          </li>
        ))}
      </ul>
      {pages.hasMore && <div className="body"><button type="button" className="button small" onClick={pages.more}><Trans>Show more</Trans></button> <span className="muted small"><Plural value={pages.totalCount ?? 0} one="# event" other="# events" /></span></div>}
    </Card>
  );
}

const STATES: readonly ConsentState[] = ['UNKNOWN', 'GRANTED', 'DENIED'];

function AskConsents({ member, onClose, onDone }: { member: Member; onClose: () => void; onDone: () => void }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems } = useAct();
  const [states, setStates] = useState<Readonly<Partial<Record<Channel, ConsentState>>>>({});
  async function submit(): Promise<void> {
    const consents = Object.entries(states).map(([channel, state]) => ({ channel: channel as Channel, state }));
    if (consents.length && !(await act(ConsentsDocument, { input: { memberIds: [member.id], consents } }))) return;
    say(t`Saved`);
    onDone();
    onClose();
  }
  return (
    <AskForm title={t`Consents of ${member.name ?? member.externalId}`} action={<Trans>Save</Trans>} busy={busy} problems={problems} onSubmit={() => void submit()} onClose={onClose}>
      <div className="pair">
        {member.consents.map(({ channel, state }) => (
          <ChoiceField key={channel} label={word(channel)} value={states[channel] ?? state} options={STATES.map((one) => [one, word(one)] as const)} onChange={(next) => setStates({ ...states, [channel]: next })} />
        ))}
      </div>
    </AskForm>
  );
}

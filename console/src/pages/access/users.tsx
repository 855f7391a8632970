import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';

import { CreateUserDocument, UpdateUserDocument, UsersDocument } from '../../api/access';
import { useAct } from '../../api/acts';
import { usePages } from '../../api/pages';
import { useViewer } from '../../api/viewer';
import type { Role, UsersQuery } from '../../gql/graphql';
import { useAddress } from '../../url';
import { AskForm, besides, ChoiceField, TextField } from '../../ui/editing';
import { Icon } from '../../ui/icon';
import { Actions, Card, Confirm, Failed, Loading, Search } from '../../ui/parts';
import { say } from '../../ui/toasts';
import { word } from '../../words';

type User = UsersQuery['users']['nodes'][number];
const ROLES: readonly Role[] = ['TEAM_MEMBER', 'LEADER', 'ADMIN'];

export function Users(): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [one, , change] = useAddress();
  const pages = usePages(UsersDocument, { first: 50, search: one('search') || null, active: one('all') ? null : true }, (data) => data.users, { refreshedBy: ['USER_CHANGED'] });
  const [asked, setAsked] = useState<{ what: 'invite' | 'edit' | 'off' | 'out'; user?: User } | null>(null);
  const { act, problems } = useAct();
  const close = (): void => setAsked(null);
  async function activate(user: User): Promise<void> {
    if (await act(UpdateUserDocument, { input: { id: user.id, active: true } })) say(t`${user.name} may sign in again`);
    pages.again();
  }
  return (
    <>
      <div className="row">
        <Search label={t`Search users`} value={one('search')} onChange={(search) => change({ search })} />
        <label className="check small"><input type="checkbox" checked={Boolean(one('all'))} onChange={(event) => change({ all: event.target.checked ? 'yes' : '' })} /><Trans>Also those who may not sign in</Trans></label>
        <span className="grow muted small" role="status">{pages.totalCount != null && <Plural value={pages.totalCount} one="# user" other="# users" />}</span>
        <button type="button" className="button primary" onClick={() => setAsked({ what: 'invite' })}><Icon name="plus" /><Trans>Invite somebody</Trans></button>
      </div>
      {pages.error && <Failed error={pages.error} again={pages.again} />}
      <Card bare>
        {pages.rows.length === 0 && (pages.isFetching ? <div className="body"><Loading /></div> : <p className="body muted"><Trans>No user matches.</Trans></p>)}
        <ul className="plain-list">
          {pages.rows.map((user) => (
            <li key={user.id}>
              <div className="grow"><strong>{user.name}</strong>{user.id === viewer.user?.id && <span className="muted small"> <Trans>(you)</Trans></span>}<p className="muted small">{user.email}</p></div>
              {!user.subject && <span className="badge warn"><Trans>invited, not signed in yet</Trans></span>}
              {!user.active && <span className="badge bad"><Trans>may not sign in</Trans></span>}
              <span className="badge accent">{word(user.role)}</span>
              <Actions
                label={t`Actions for ${user.name}`}
                actions={[
                  { key: 'edit', label: t`Name and role`, run: () => setAsked({ what: 'edit', user }) },
                  { key: 'out', label: t`Sign out everywhere`, run: () => setAsked({ what: 'out', user }) },
                  user.active ? { key: 'off', label: t`Deactivate and hand over`, danger: true, run: () => setAsked({ what: 'off', user }) } : { key: 'on', label: t`Let sign in again`, run: () => void activate(user) },
                ]}
              />
            </li>
          ))}
        </ul>
        {pages.hasMore && <div className="body"><button type="button" className="button small" onClick={pages.more}><Trans>Show more</Trans></button></div>}
      </Card>
      {asked?.what === 'invite' && <Invite onClose={close} onDone={pages.again} />}
      {asked?.what === 'edit' && asked.user && <Edit user={asked.user} onClose={close} onDone={pages.again} />}
      {asked?.what === 'off' && asked.user && <Deactivate user={asked.user} others={pages.rows.filter((user) => user.active && user.id !== asked.user?.id)} onClose={close} onDone={pages.again} />}
      {asked?.what === 'out' && asked.user && (
        <Confirm
          title={t`Sign out ${asked.user.name} everywhere`} action={<Trans>Sign out</Trans>} problems={problems} onClose={close}
          onConfirm={async () => Boolean(await act(UpdateUserDocument, { input: { id: asked.user?.id ?? '', signOut: true } }))}
        >
          <p><Trans>All tokens that were issued until now are refused. With a new sign-in everything goes on.</Trans></p>
        </Confirm>
      )}
    </>
  );
}

function Invite({ onClose, onDone }: { onClose: () => void; onDone: () => void }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems } = useAct();
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [subject, setSubject] = useState('');
  const [role, setRole] = useState<Role>('TEAM_MEMBER');
  async function submit(): Promise<void> {
    const input = { role, email: email.trim() || null, name: name.trim() || null, subject: subject.trim() || null };
    if (!(await act(CreateUserDocument, { input }))) return;
    say(t`Invited`);
    onDone();
    onClose();
  }
  return (
    <AskForm title={<Trans>Invite somebody</Trans>} action={<Trans>Invite</Trans>} busy={busy} problems={besides(problems, 'email', 'name', 'subject')} onSubmit={() => void submit()} onClose={onClose}>
      <TextField label={t`Email`} type="email" value={email} onChange={setEmail} problems={problems} name="email" hint={t`A person who signs in with this verified address at your identity provider is let in`} autoFocus />
      <TextField label={t`Name`} value={name} onChange={setName} problems={problems} name="name" />
      <TextField label={t`Subject`} value={subject} onChange={setSubject} problems={problems} name="subject" hint={t`The id at the identity provider, if you know it`} />
      <ChoiceField label={t`Role`} value={role} options={ROLES.map((key) => [key, word(key)] as const)} onChange={setRole} />
    </AskForm>
  );
}

function Edit({ user, onClose, onDone }: { user: User; onClose: () => void; onDone: () => void }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems } = useAct();
  const [name, setName] = useState(user.name);
  const [role, setRole] = useState<Role>(user.role);
  async function submit(): Promise<void> {
    if (!(await act(UpdateUserDocument, { input: { id: user.id, ...(name !== user.name && { name }), ...(role !== user.role && { role }) } }))) return;
    say(t`Saved`);
    onDone();
    onClose();
  }
  return (
    <AskForm title={user.name} action={<Trans>Save</Trans>} busy={busy} problems={besides(problems, 'name')} onSubmit={() => void submit()} onClose={onClose}>
      <TextField label={t`Name`} value={name} onChange={setName} problems={problems} name="name" autoFocus />
      <ChoiceField label={t`Role`} value={role} options={ROLES.map((key) => [key, word(key)] as const)} onChange={setRole} />
    </AskForm>
  );
}

function Deactivate({ user, others, onClose, onDone }: { user: User; others: readonly User[]; onClose: () => void; onDone: () => void }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems } = useAct();
  const [to, setTo] = useState('');
  async function submit(): Promise<void> {
    const done = await act(UpdateUserDocument, { input: { id: user.id, active: false, ...(to && { handOverPrivateTo: to }) } });
    if (!done) return;
    say(t`Deactivated. Handed over: ${done.segmentsHandedOver} segments, ${done.playbooksHandedOver} playbooks`);
    onDone();
    onClose();
  }
  return (
    <AskForm title={t`Deactivate ${user.name}`} action={<Trans>Deactivate</Trans>} busy={busy} problems={problems} onSubmit={() => void submit()} onClose={onClose}>
      <p><Trans>From now on nobody gets in as this user. What the user made stays.</Trans></p>
      <ChoiceField label={t`Hand over private segments and playbooks to`} value={to} options={[['', t`Nobody: only administrators and leaders see them`], ...others.map((other) => [other.id, other.name] as const)]} onChange={setTo} />
    </AskForm>
  );
}

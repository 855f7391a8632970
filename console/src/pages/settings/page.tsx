// The workspace: its settings, and the log of what was done in it.
import { Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';

import { useAct } from '../../api/acts';
import { RetentionDocument, UpdateWorkspaceDocument, WorkspaceDocument } from '../../api/settings';
import { isAdministrator, useViewer } from '../../api/viewer';
import { count, day } from '../../format';
import type { ConsentPolicy, Role, WorkspaceQuery } from '../../gql/graphql';
import { useAddress } from '../../url';
import { besides, ChoiceField, TextField, useTitle } from '../../ui/editing';
import { Card, Confirm, Failed, Form, Loading, PageHead, Problems, Tabs } from '../../ui/parts';
import { say } from '../../ui/toasts';
import { word } from '../../words';
import { Audit } from './audit';
import { UsageOfWorkspace } from './usage';

type Workspace = WorkspaceQuery['viewer']['workspace'];
const ROLES: readonly Role[] = ['TEAM_MEMBER', 'LEADER', 'ADMIN'];

export default function SettingsPage(): ReactNode {
  const { t } = useLingui();
  const administers = isAdministrator(useViewer());
  const [one] = useAddress();
  const tab = administers && ['audit', 'usage'].includes(one('tab')) ? one('tab') : 'settings';
  const [{ data, error, fetching }, ask] = useQuery({ query: WorkspaceDocument });
  useTitle(t`Settings`);
  return (
    <>
      <PageHead title={<Trans>Settings</Trans>} below={data && <Trans>Workspace since {day(data.viewer.workspace.createdAt)}</Trans>} />
      {administers && (
        <Tabs
          label={t`Settings`}
          tabs={[{ key: 'settings', href: '/settings', text: t`Workspace`, current: tab === 'settings' }, { key: 'usage', href: '/settings?tab=usage', text: t`Usage and limits`, current: tab === 'usage' }, { key: 'audit', href: '/settings?tab=audit', text: t`Audit log`, current: tab === 'audit' }]}
        />
      )}
      {error && <Failed error={error} again={() => ask({ requestPolicy: 'network-only' })} />}
      {!data && fetching && <Loading />}
      {data && (tab === 'audit' ? <Audit /> : tab === 'usage' ? <UsageOfWorkspace /> : (
        <div className="form-page stack">
          <General key={JSON.stringify(data.viewer.workspace)} workspace={data.viewer.workspace} disabled={!administers} />
          <Card title={<Trans>Limit of requests</Trans>}>
            <p><Trans>You may spend {count(data.rateLimit.remaining)} of {count(data.rateLimit.limit)} points now. {count(data.rateLimit.restoreRate)} come back each second.</Trans></p>
          </Card>
        </div>
      ))}
    </>
  );
}

function General({ workspace, disabled }: { workspace: Workspace; disabled: boolean }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems } = useAct();
  const retention = useAct();
  const [name, setName] = useState(workspace.name);
  const [timeZone, setTimeZone] = useState(workspace.timeZone);
  const [currency, setCurrency] = useState(workspace.currency);
  const [phoneRegion, setPhoneRegion] = useState(workspace.phoneRegion ?? '');
  const [consentPolicy, setConsentPolicy] = useState<ConsentPolicy>(workspace.consentPolicy);
  const [roles, setRoles] = useState(workspace.leastRoles);
  const [days, setDays] = useState(String(workspace.eventRetentionDays ?? ''));
  const [isAsking, setAsking] = useState(false);
  const rights = [
    ['seePersonalData', t`See personal data`], ['eraseMembers', t`Erase members`], ['suppressAddresses', t`Suppress addresses`], ['seeImportsOfOthers', t`See imports of others`],
  ] as const;
  async function submit(): Promise<void> {
    const { __typename, ...least } = roles;
    void __typename;
    const input = {
      ...(name !== workspace.name && { name }), ...(timeZone !== workspace.timeZone && { timeZone }), ...(currency !== workspace.currency && { currency }),
      ...(phoneRegion !== (workspace.phoneRegion ?? '') && { phoneRegion }), ...(consentPolicy !== workspace.consentPolicy && { consentPolicy }), leastRoles: least,
    };
    const done = await act(UpdateWorkspaceDocument, { input });
    if (done) say(done.recalculating ? t`Saved. Segments that are computed anew: ${done.recalculating}` : t`Saved`);
  }
  async function keep(): Promise<boolean> {
    const done = await retention.act(RetentionDocument, { input: { days: days.trim() ? Number(days) : null } });
    if (done) say(t`Saved`);
    return Boolean(done);
  }
  return (
    <>
      <Card title={<Trans>Workspace</Trans>}>
        <Form onSubmit={() => void submit()}>
          <fieldset className="picker stack" disabled={disabled}>
            <div className="pair">
              <TextField label={t`Name`} value={name} onChange={setName} problems={problems} name="name" />
              <TextField label={t`Time zone`} value={timeZone} onChange={setTimeZone} problems={problems} name="timeZone" hint={t`Such as ${'Europe/Berlin'}`} />
              <TextField label={t`Currency`} value={currency} onChange={setCurrency} problems={problems} name="currency" hint={t`Such as ${'EUR'}`} />
              <TextField label={t`Country of phone numbers`} value={phoneRegion} onChange={setPhoneRegion} problems={problems} name="phoneRegion" hint={t`Such as ${'DE'}`} />
              <ChoiceField label={t`Members without a stated consent`} value={consentPolicy} options={[['OPT_OUT', t`may be contacted`], ['OPT_IN', t`may not be contacted`]]} onChange={setConsentPolicy} />
            </div>
            <h3><Trans>The least role that may</Trans></h3>
            <div className="pair">
              {rights.map(([right, text]) => <ChoiceField key={right} label={text} value={roles[right]} options={ROLES.map((role) => [role, word(role)] as const)} onChange={(role) => setRoles({ ...roles, [right]: role })} />)}
            </div>
            <Problems of={besides(problems, 'name', 'timeZone', 'currency', 'phoneRegion')} />
            {!disabled && <div><button type="submit" className="button primary" disabled={busy}><Trans>Save</Trans></button></div>}
          </fieldset>
        </Form>
      </Card>
      <Card title={<Trans>How long events are kept</Trans>}>
        <Form onSubmit={() => (days.trim() ? setAsking(true) : void keep())}>
          <fieldset className="picker stack" disabled={disabled}>
            <TextField label={t`Days`} type="number" value={days} onChange={setDays} problems={retention.problems} name="days" hint={t`Older events are deleted for ever. Empty keeps all.`} />
            <Problems of={besides(retention.problems, 'days')} />
            {!disabled && <div><button type="submit" className="button" disabled={retention.busy}><Trans>Save</Trans></button></div>}
          </fieldset>
        </Form>
      </Card>
      {isAsking && (
        <Confirm title={t`Delete old events`} action={<Trans>Delete old events</Trans>} danger problems={retention.problems} onConfirm={keep} onClose={() => setAsking(false)}>
          <p><Trans>Events that are older than {days} days are deleted for ever, now and from then on each day. Segments that ask for them are computed anew.</Trans></p>
        </Confirm>
      )}
    </>
  );
}

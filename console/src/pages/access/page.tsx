// Who may use the workspace: people with their roles, and programs with their keys. For administrators.
import { Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';

import { isAdministrator, useViewer } from '../../api/viewer';
import { useAddress } from '../../url';
import { useTitle } from '../../ui/editing';
import { Empty, PageHead, Tabs } from '../../ui/parts';
import { Keys } from './keys';
import { Users } from './users';

export default function AccessPage(): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [one] = useAddress();
  const tab = one('tab') === 'keys' ? 'keys' : 'users';
  useTitle(t`Users and keys`);
  if (!isAdministrator(viewer)) return <Empty title={<Trans>Users and keys are for administrators</Trans>}><p><Trans>Ask an administrator of your workspace for what you need.</Trans></p></Empty>;
  return (
    <>
      <PageHead title={<Trans>Users and keys</Trans>} />
      <Tabs
        label={t`Users and keys`}
        tabs={[
          { key: 'users', href: '/access', text: t`Users`, current: tab === 'users' },
          { key: 'keys', href: '/access?tab=keys', text: t`API keys`, current: tab === 'keys' },
        ]}
      />
      {tab === 'users' ? <Users /> : <Keys />}
    </>
  );
}

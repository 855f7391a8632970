import { Trans, useLingui } from '@lingui/react/macro';
import { lazy, Suspense, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from 'react';
import { Provider, useClient, useQuery } from 'urql';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';

import { handToGraphiQL } from './api/asked';
import { newClient } from './api/client';
import { follow, lastHeard, useLiveState } from './api/events';
import { disconnect, liveSince } from './api/live';
import { isAdministrator, ViewerContext, ViewerDocument, type Viewer } from './api/viewer';
import { choose, localeNow } from './i18n';
import { addressOf, onSession, signOut, token } from './session';
import { applyTheme, themeNow, type Theme } from './theme';
import { Icon, type IconName } from './ui/icon';
import { Actions, Empty, Failed, Loading } from './ui/parts';
import { Toasts } from './ui/toasts';
import { ago } from './format';
import icon from './icon.svg';
import { SegmentsPage } from './pages/segments/list';
import { SignIn } from './pages/sign-in';
import { Mistakes } from './ui/mistakes';
import { Tour } from './ui/tour';

const Builder = lazy(() => import('./pages/builder/page'));
const ImportPage = lazy(() => import('./pages/imports/page'));
const ImportsPage = lazy(() => import('./pages/imports/list'));
const MembersPage = lazy(() => import('./pages/members/list'));
const MemberPage = lazy(() => import('./pages/members/page'));
const CampaignsPage = lazy(() => import('./pages/campaigns/list'));
const CampaignPage = lazy(() => import('./pages/campaigns/page'));
const CampaignForm = lazy(() => import('./pages/campaigns/form'));
const PlaybooksPage = lazy(() => import('./pages/playbooks/list'));
const PlaybookPage = lazy(() => import('./pages/playbooks/page'));
const PlaybookForm = lazy(() => import('./pages/playbooks/form'));
const DestinationsPage = lazy(() => import('./pages/destinations/page'));
const WebhooksPage = lazy(() => import('./pages/webhooks/list'));
const WebhookPage = lazy(() => import('./pages/webhooks/page'));
const CataloguePage = lazy(() => import('./pages/catalogue/page'));
const AccessPage = lazy(() => import('./pages/access/page'));
const SettingsPage = lazy(() => import('./pages/settings/page'));
const WallPage = lazy(() => import('./pages/wall/page'));
const ReportPage = lazy(() => import('./pages/imports/report'));
const SegmentPage = lazy(() => import('./pages/segment/page'));


interface Place { href: string; icon: IconName; text: string }

function usePlaces(viewer: Viewer): Place[] {
  const { t } = useLingui();
  const administers = isAdministrator(viewer);
  return [
    { href: '/segments', icon: 'segments', text: t`Segments` },
    { href: '/members', icon: 'members', text: t`Members` },
    { href: '/campaigns', icon: 'campaigns', text: t`Campaigns` },
    { href: '/playbooks', icon: 'playbooks', text: t`Playbooks` },
    { href: '/catalogue', icon: 'catalogue', text: t`Catalogue` },
    { href: '/destinations', icon: 'destinations', text: t`Destinations` },
    ...(administers ? [{ href: '/webhooks', icon: 'webhooks' as const, text: t`Webhooks` }] : []),
    ...(administers ? [{ href: '/access', icon: 'users' as const, text: t`Users and keys` }] : []),
    { href: '/settings', icon: 'settings', text: t`Settings` },
    { href: '/wall', icon: 'wall', text: t`Wall` },
    { href: '/imports', icon: 'imports', text: t`Imports` },
  ];
}

export function App(): ReactNode {
  const signedIn = useSyncExternalStore(onSession, token);
  const client = useMemo(() => newClient(), [signedIn]);
  useEffect(() => () => void disconnect(), [client]);
  if (!signedIn) return <SignIn />;
  return (
    <Provider value={client}>
      <SignedIn key={signedIn} />
      <Toasts />
    </Provider>
  );
}

function SignedIn(): ReactNode {
  const [{ data, error }, again] = useQuery({ query: ViewerDocument });
  if (error && !data) {
    return (
      <main>
        <Failed error={error} again={() => again({ requestPolicy: 'network-only' })} />
        <div><button type="button" className="button" onClick={() => signOut()}><Trans>Sign out</Trans></button></div>
      </main>
    );
  }
  if (!data) return <main><Loading /></main>;
  return <ViewerContext value={data.viewer}><Frame viewer={data.viewer} /></ViewerContext>;
}

function Frame({ viewer }: { viewer: Viewer }): ReactNode {
  const { t } = useLingui();
  const client = useClient();
  const [open, setOpen] = useState(false);
  const [started, setStarted] = useState(false);
  const [path] = useLocation();
  useEffect(() => follow(client, () => setStarted(true)), [client]);
  useEffect(() => setOpen(false), [path]);
  const places = usePlaces(viewer);
  // A screen on a wall shows the page alone.
  if (path === '/wall') return <Mistakes><Suspense fallback={<main><Loading /></main>}>{started ? <WallPage /> : <main><Loading /></main>}</Suspense></Mistakes>;
  return (
    <div className="frame">
      <a className="skip" href="#content" onClick={(event) => { event.preventDefault(); document.getElementById('content')?.focus(); }}><Trans>Skip to the content</Trans></a>
      <nav className="side-nav" aria-label={t`Pages`} data-open={open || undefined}>
        <Link href="/segments" className="brand"><img src={icon} width="24" height="24" alt="" />seggraph</Link>
        {places.map((place) => (
          <Link key={place.href} href={place.href} className="item" aria-current={path.startsWith(place.href) ? 'page' : undefined}>
            <Icon name={place.icon} />{place.text}
          </Link>
        ))}
        <a className="item last" href={addressOf('docs')}><Icon name="help" /><Trans>Documentation</Trans></a>
        <a className="item" data-graphiql title={t`GraphiQL with the queries of this page`} onClick={handToGraphiQL} onAuxClick={handToGraphiQL} href={`${addressOf('graphql')}#token=${encodeURIComponent(token() ?? '')}`}><Icon name="graphiql" />GraphiQL</a>
      </nav>
      <div>
        <header className="top">
          <button type="button" className="button plain icon menu-button" aria-label={t`Pages`} aria-expanded={open} onClick={() => setOpen(!open)}><Icon name="menu" /></button>
          <strong>{viewer.workspace.name}</strong>
          <span className="grow" />
          <Freshness />
          <Preferences viewer={viewer} />
        </header>
        <main id="content" tabIndex={-1}>
          {started && path === '/segments' && <Tour />}
          <Mistakes key={path}>
            <Suspense fallback={<Loading />}>
              {started ? (
                <Switch>
                  <Route path="/"><Redirect to="/segments" replace /></Route>
                  <Route path="/segments" component={SegmentsPage} />
                  <Route path="/segments/new"><Builder /></Route>
                  <Route path="/segments/:id/edit">{({ id }) => <Builder key={id} id={id} />}</Route>
                  <Route path="/segments/:id/:tab?">{({ id, tab }) => <SegmentPage key={id} id={id} tab={tab} />}</Route>
                  <Route path="/imports" component={ImportsPage} />
                  <Route path="/imports/report" component={ReportPage} />
                  <Route path="/imports/:id">{({ id }) => <ImportPage key={id} id={id} />}</Route>
                  <Route path="/members" component={MembersPage} />
                  <Route path="/members/:id">{({ id }) => <MemberPage key={id} id={id} />}</Route>
                  <Route path="/campaigns" component={CampaignsPage} />
                  <Route path="/campaigns/new"><CampaignForm /></Route>
                  <Route path="/campaigns/:id/edit">{({ id }) => <CampaignForm key={id} id={id} />}</Route>
                  <Route path="/campaigns/:id">{({ id }) => <CampaignPage key={id} id={id} />}</Route>
                  <Route path="/playbooks" component={PlaybooksPage} />
                  <Route path="/playbooks/new"><PlaybookForm /></Route>
                  <Route path="/playbooks/:id/edit">{({ id }) => <PlaybookForm key={id} id={id} />}</Route>
                  <Route path="/playbooks/:id">{({ id }) => <PlaybookPage key={id} id={id} />}</Route>
                  <Route path="/destinations" component={DestinationsPage} />
                  <Route path="/webhooks" component={WebhooksPage} />
                  <Route path="/webhooks/:id">{({ id }) => <WebhookPage key={id} id={id} />}</Route>
                  <Route path="/catalogue" component={CataloguePage} />
                  <Route path="/access" component={AccessPage} />
                  <Route path="/settings" component={SettingsPage} />
                  <Route>
                    <Empty title={<Trans>There is no such page</Trans>}><Link href="/segments" className="button"><Trans>Go to the segments</Trans></Link></Empty>
                  </Route>
                </Switch>
              ) : <Loading />}
            </Suspense>
          </Mistakes>
        </main>
      </div>
    </div>
  );
}

/** Whether what is shown follows the server now, and since when it does not. */
function Freshness(): ReactNode {
  const { t } = useLingui();
  const state = useLiveState();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((old) => old + 1), 5_000);
    return () => clearInterval(timer);
  }, []);
  const heard = lastHeard();
  const texts = {
    live: t`Live`,
    connecting: t`Connecting`,
    reconnecting: t`Not live since ${ago(liveSince())}`,
    off: t`Not live`,
  };
  return (
    <span className="fresh" role="status" title={heard ? t`Last change ${ago(heard)}` : ''}>
      <span className={`dot ${state}`} />{texts[state]}
    </span>
  );
}

function Preferences({ viewer }: { viewer: Viewer }): ReactNode {
  const { t } = useLingui();
  const [theme, setTheme] = useState<Theme>(themeNow());
  const set = (next: Theme): void => { applyTheme(next); setTheme(next); };
  const other = localeNow() === 'de' ? 'en' : 'de';
  return (
    <Actions
      label={t`Account of ${viewer.user?.name ?? t`an API key`}`} icon="users"
      actions={[
        { key: 'language', label: other === 'de' ? 'Deutsch' : 'English', run: () => void choose(other) },
        ...(['system', 'light', 'dark'] as const).filter((one) => one !== theme).map((one) => ({
          key: one, label: { system: t`Colours of the system`, light: t`Light colours`, dark: t`Dark colours` }[one], run: () => set(one),
        })),
        { key: 'out', label: t`Sign out`, run: () => signOut() },
      ]}
    />
  );
}

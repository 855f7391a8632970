import { Trans, useLingui } from '@lingui/react/macro';
import { lazy, Suspense, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from 'react';
import { Provider, useClient, useQuery } from 'urql';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';

import { newClient } from './api/client';
import { follow, lastHeard, useLiveState } from './api/events';
import { disconnect, liveSince } from './api/live';
import { ViewerContext, ViewerDocument, type Viewer } from './api/viewer';
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

const Builder = lazy(() => import('./pages/builder/page'));
const ImportPage = lazy(() => import('./pages/imports/page'));
const ImportsPage = lazy(() => import('./pages/imports/list'));
const MembersPage = lazy(() => import('./pages/members/list'));
const MemberPage = lazy(() => import('./pages/members/page'));
const ReportPage = lazy(() => import('./pages/imports/report'));
const SegmentPage = lazy(() => import('./pages/segment/page'));


interface Place { href: string; icon: IconName; text: string }

function usePlaces(): Place[] {
  const { t } = useLingui();
  return [
    { href: '/segments', icon: 'segments', text: t`Segments` },
    { href: '/members', icon: 'members', text: t`Members` },
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
  const places = usePlaces();
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
        <a className="item" href={`${addressOf('graphql')}#token=${encodeURIComponent(token() ?? '')}`}><Icon name="graphiql" />GraphiQL</a>
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

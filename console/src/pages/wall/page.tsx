// A page for a screen on a wall: chosen segments whose numbers move by themselves. It has nothing around it, its address
// is its state, it connects again by itself, and it says how fresh it is.
import './wall.css';

import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';

import { lastHeard, useLiveEvents, useLiveState, useSegmentEvents } from '../../api/events';
import { liveSince } from '../../api/live';
import { useViewer } from '../../api/viewer';
import { WallDocument } from '../../api/wall';
import { ago, count, money, moment, percent } from '../../format';
import type { WallQuery } from '../../gql/graphql';
import { SegmentPicker, TextField, useTitle, type Picked } from '../../ui/editing';
import { Card, Failed, Loading, Status } from '../../ui/parts';
import { useAddress } from '../../url';
import { ReachOf } from '../segments/list';

type Tile = Extract<NonNullable<WallQuery['nodes'][number]>, { memberCount: number }>;
const MOST = 24;

export default function WallPage(): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [one, many, change] = useAddress();
  const ids = many('segments').slice(0, MOST);
  const title = one('title') || viewer.workspace.name;
  const isChoosing = ids.length === 0 || one('choose') === 'yes';
  const state = useLiveState();
  const [{ data, error, fetching }, ask] = useQuery({ query: WallDocument, variables: { ids }, pause: ids.length === 0 });
  const again = (): void => ask({ requestPolicy: 'network-only' });
  useTitle(title);
  useLiveEvents(['METRICS_CHANGED', 'CAMPAIGN_CHANGED', 'REACH_READY', 'SEGMENT_DELETED'], again);
  useSegmentEvents((event) => {
    if (event.__typename !== 'RunProgressed' && ids.includes(event.segment.id)) again();
  });
  // A screen stays on; a browser that cannot keep it on shows the page all the same.
  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    void navigator.wakeLock?.request('screen').then((got) => { lock = got; }, () => undefined);
    return () => void lock?.release();
  }, []);
  // What failed while the server was away is asked for again, until it comes.
  useEffect(() => {
    if (!error) return;
    const timer = setTimeout(again, 5_000);
    return () => clearTimeout(timer);
  });
  const wasLive = useRef(true);
  useEffect(() => {
    if (state === 'live' && !wasLive.current && ids.length) again();
    wasLive.current = state === 'live';
  }, [state]); // eslint-disable-line
  const tiles = (data?.nodes ?? []).filter((node): node is Tile => node !== null && 'memberCount' in node);
  return (
    <main className="wall-frame" id="content" tabIndex={-1}>
      <header className="wall-head">
        <h1 className="grow">{title}</h1>
        <Freshness />
        <button type="button" className="button small plain" onClick={() => void document.documentElement.requestFullscreen?.().catch(() => undefined)}><Trans>Full screen</Trans></button>
        {!isChoosing && <button type="button" className="button small plain" onClick={() => change({ choose: 'yes' })}><Trans>Change</Trans></button>}
        <Link href="/segments" className="button small plain"><Trans>Leave</Trans></Link>
      </header>
      {isChoosing ? <Choose chosen={tiles.map(({ id, name }) => ({ id, name }))} title={one('title')} done={(segments, text) => change({ segments, title: text, choose: '' })} /> : (
        <div>
          {error && <Failed error={error} again={again} />}
          {!data && fetching && <Loading />}
          <div className="wall">{tiles.map((tile) => <SegmentTile key={tile.id} tile={tile} />)}</div>
          {data && tiles.length < ids.length && <p className="muted"><Trans>Deleted, or not for you to see: {ids.length - tiles.length}</Trans></p>}
          {data && tiles.length === 0 && <p className="muted">{t`Choose other segments.`}</p>}
        </div>
      )}
    </main>
  );
}

function Choose({ chosen, title, done }: { chosen: readonly Picked[]; title: string; done: (ids: string[], title: string) => void }): ReactNode {
  const { t } = useLingui();
  const [picked, setPicked] = useState<readonly Picked[]>(chosen);
  const [text, setText] = useState(title);
  useEffect(() => { if (chosen.length) setPicked((old) => (old.length ? old : chosen)); }, [chosen.length]); // eslint-disable-line
  return (
    <div className="form-page">
      <Card title={<Trans>What the wall shows</Trans>}>
        <div className="stack">
          <p className="muted"><Trans>Choose segments whose size, reach and results are to be seen on a screen. The address holds the choice: keep it or send it.</Trans></p>
          <TextField label={t`Title`} value={text} onChange={setText} />
          <SegmentPicker legend={t`Segments`} chosen={picked} onChange={setPicked} most={MOST} />
          <div><button type="button" className="button primary" disabled={picked.length === 0} onClick={() => done(picked.map((one) => one.id), text.trim())}><Trans>Show</Trans></button></div>
        </div>
      </Card>
    </div>
  );
}

/** Whether the numbers follow the server now, and when the last change came. */
function Freshness(): ReactNode {
  const state = useLiveState();
  const [now, tick] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => tick(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const heard = lastHeard();
  return (
    <span className="fresh">
      <span className={`dot ${state}`} />
      <span role="status">{state === 'live' ? <Trans>Live</Trans> : <Trans>Not live since {ago(liveSince(), now)}. It connects again by itself.</Trans>}</span>
      {heard && <span><Trans>Last change {ago(heard, now)}</Trans></span>}
    </span>
  );
}

function SegmentTile({ tile }: { tile: Tile }): ReactNode {
  const { currency } = useViewer().workspace;
  const before = useRef(tile.memberCount);
  const [moved, setMoved] = useState<{ by: number; at: number } | null>(null);
  useEffect(() => {
    const by = tile.memberCount - before.current;
    before.current = tile.memberCount;
    if (by) setMoved({ by, at: Date.now() });
  }, [tile.memberCount]);
  useEffect(() => {
    if (!moved) return;
    const timer = setTimeout(() => setMoved(null), 60_000);
    return () => clearTimeout(timer);
  }, [moved]);
  const { totals } = tile.metrics;
  const today = tile.sizeHistory.at(-1);
  return (
    <section className={moved ? 'card tile moved' : 'card tile'} aria-label={tile.name}>
      <div className="row apart"><h2>{tile.name}</h2>{tile.status !== 'ACTIVE' && <Status of={tile.status} />}</div>
      <div className="row" style={{ alignItems: 'baseline' }}>
        <span className="big" data-testid="size">{count(tile.memberCount)}</span>
        {moved && <span className={moved.by > 0 ? 'badge good' : 'badge bad'}>{moved.by > 0 ? '+' : '−'}{count(Math.abs(moved.by))}</span>}
      </div>
      <Line points={tile.sizeHistory.map((point) => point.memberCount)} />
      {today && <p className="muted"><Trans>Last day: {count(today.entered)} entered, {count(today.exited)} exited</Trans></p>}
      <dl>
        <div><dt><Trans>Reach</Trans></dt><dd><ReachOf row={tile} /></dd></div>
        <div><dt><Trans>Email</Trans></dt><dd>{count(tile.reach.email)}</dd></div>
        <div><dt><Trans>Direct mail</Trans></dt><dd>{count(tile.reach.directMail)}</dd></div>
        <div><dt><Trans>Spend</Trans></dt><dd>{money(totals.spend, currency)}</dd></div>
        <div><dt><Trans>Clicks</Trans></dt><dd>{count(totals.clicks)}</dd></div>
        <div><dt><Trans>Click rate</Trans></dt><dd>{percent(totals.ctr, 2)}</dd></div>
      </dl>
      <p className="muted small" title={moment(tile.freshness.asOf)}><Trans>Computed {ago(tile.freshness.asOf)}</Trans></p>
    </section>
  );
}

/** The size by day, as a line; the numbers beside it say the same. */
function Line({ points }: { points: readonly number[] }): ReactNode {
  if (points.length < 2) return null;
  const least = Math.min(...points);
  const range = Math.max(...points) - least || 1;
  const path = points.map((value, index) => `${(100 * index) / (points.length - 1)},${29 - (28 * (value - least)) / range}`).join(' ');
  return (
    <svg className="line" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
      <polyline points={path} fill="none" stroke="currentColor" strokeWidth="2" vectorEffect="non-scaling-stroke" strokeLinejoin="round" />
    </svg>
  );
}

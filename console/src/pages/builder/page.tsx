// A segment is built from conditions in groups, or written as text: both forms show the same criteria and stay in step.
// While its builder works, the server says who matches, how many of them can be contacted, and what is wrong where.
// Nothing is saved before Save.
import './builder.css';

import { Trans, useLingui } from '@lingui/react/macro';
import { plural } from '@lingui/core/macro';
import { lazy, Suspense, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { useClient, useQuery } from 'urql';
import { Link, useLocation } from 'wouter';

import {
  BaseDocument, BuiltDocument, CreateDocument, PreviewDetailsDocument, PreviewDocument, UpdateDocument, type Built, type Mistake,
} from '../../api/builder';
import { problemsOf } from '../../api/segments';
import { mayWrite, useViewer } from '../../api/viewer';
import { ago } from '../../format';
import type { Channel, MemberKind, PreviewSegmentInput, SegmentPurpose } from '../../gql/graphql';
import { Card, Choice, Empty, Failed, Field, Form, Loading, PageHead, Problems, useSettled, wrongIn, type Problem } from '../../ui/parts';
import { Icon } from '../../ui/icon';
import { say } from '../../ui/toasts';
import { word } from '../../words';
import { useAnswer, useEventsOf, useFields } from './answers';
import { Conditions } from './conditions';
import { PreviewCard } from './preview';
import { startsOf } from './starts';
import { emptyRoot, fromJson, reconciled, toJson, unfinished, type Group } from './tree';

const TextForm = lazy(() => import('./text'));

const KINDS: readonly MemberKind[] = ['ACCOUNT', 'PERSON', 'ORGANIZATION', 'PRODUCT', 'DEAL', 'ACTIVITY', 'TICKET'];
const MOST_UNDONE = 200;

/** The criteria in both forms, and which of them was edited last: the other one follows. */
interface Draft { root: Group; text: string; by: 'tree' | 'text' }
interface History { past: readonly Draft[]; now: Draft; future: readonly Draft[]; name: string | null }

export default function BuilderPage({ id }: { id?: string }): ReactNode {
  const viewer = useViewer();
  const [{ data, error, fetching }, again] = useQuery({ query: BuiltDocument, variables: { id: id ?? '' }, pause: !id, requestPolicy: 'network-only' });
  const [saved, setSaved] = useState<Built | null>(null);
  const now = data?.segment ?? null;
  // What others save comes as an event with a new version, without the criteria: they are asked for then.
  const version = now?.version;
  useEffect(() => { if (version !== undefined) again({ requestPolicy: 'network-only' }); }, [version, again]);
  useEffect(() => setSaved((old) => old ?? now), [now]);
  if (!mayWrite(viewer)) return <Empty title={<Trans>You may look at segments, and not change them</Trans>}><Link href="/segments" className="button"><Trans>Go to the segments</Trans></Link></Empty>;
  if (!id) return <Builder saved={null} now={null} />;
  if (error && !data) return <Failed error={error} again={() => again({ requestPolicy: 'network-only' })} />;
  if (data && !now && !fetching && !saved) {
    return <Empty title={<Trans>There is no such segment</Trans>}><p><Trans>It was deleted, or you may not see it.</Trans></p><Link href="/segments" className="button"><Trans>Go to the segments</Trans></Link></Empty>;
  }
  return saved ? <Builder key={saved.id} saved={saved} now={now} /> : <Loading />;
}

function Builder({ saved: first, now: theirs }: { saved: Built | null; now: Built | null }): ReactNode {
  const { t } = useLingui();
  const client = useClient();
  const [, go] = useLocation();
  const [saved, setSaved] = useState(first);
  const [name, setName] = useState(first?.name ?? '');
  const [description, setDescription] = useState(first?.description ?? '');
  const [kind, setKind] = useState<MemberKind>(first?.kind ?? 'ACCOUNT');
  const [purpose, setPurpose] = useState<SegmentPurpose | ''>(first?.purpose ?? '');
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const [busy, setBusy] = useState(false);
  const [opened, setOpened] = useState<string | null>(null);
  const [channel, setChannel] = useState<Channel>('EMAIL');
  const [place, setPlace] = useState<{ start: number } | null>(null);
  const [isTouched, setTouched] = useState(false);
  const [history, setHistory] = useState<History>(() => ({
    past: [], future: [], name: null,
    now: first ? { root: fromJson(first.criteria), text: first.criteriaText ?? '', by: 'tree' } : { root: emptyRoot(), text: '', by: 'tree' },
  }));
  const draft = history.now;
  const isStatic = saved?.type === 'STATIC';
  const isDraft = !saved || saved.status === 'DRAFT';
  useEffect(() => { document.title = `${saved?.name ?? t`New segment`} – seggraph`; }, [saved?.name, t]);

  const record = useCallback((next: Draft, name: string | null): void => {
    setTouched(true);
    setHistory((old) => ({
      past: name !== null && name === old.name ? old.past : [...old.past, old.now].slice(-MOST_UNDONE), now: next, future: [], name,
    }));
  }, []);
  /** The form that was not edited follows; that is no step to undo. */
  const follow = useCallback((edit: (draft: Draft) => Draft): void => setHistory((old) => ({ ...old, now: edit(old.now) })), []);
  const undo = useCallback((): void => setHistory((old) => {
    const last = old.past.at(-1);
    return last ? { past: old.past.slice(0, -1), now: last, future: [old.now, ...old.future], name: null } : old;
  }), []);
  const redo = useCallback((): void => setHistory((old) => {
    const [next, ...rest] = old.future;
    return next ? { past: [...old.past, old.now], now: next, future: rest, name: null } : old;
  }), []);

  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || !['z', 'y'].includes(event.key.toLowerCase())) return;
      // The name and the description are undone by the browser.
      if (event.target instanceof HTMLElement && !event.target.closest('.builder') && event.target.closest('input, textarea')) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key.toLowerCase() === 'y' || event.shiftKey) redo();
      else undo();
    }
    addEventListener('keydown', onKeyDown, true);
    return () => removeEventListener('keydown', onKeyDown, true);
  }, [undo, redo]);

  // A page that is left with unsaved work asks first.
  useEffect(() => {
    if (!isTouched) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isTouched]);

  // The preview

  const { json, places } = useMemo(() => toJson(draft.root), [draft.root]);
  const input = useMemo<PreviewSegmentInput | null>(() => {
    const shared = { kind, purpose: purpose || null, segmentId: saved?.id ?? null };
    if (draft.by === 'text') return draft.text.trim() ? { ...shared, criteriaText: draft.text } : null;
    return json ? { ...shared, criteria: json as never } : null;
  }, [kind, purpose, saved?.id, draft.by, draft.by === 'text' ? draft.text : '', draft.by === 'tree' ? json : null]);
  const settled = useSettled(isStatic ? null : input, 120);
  const answer = useAnswer(PreviewDocument, settled ? { input: settled, channel } : null);
  const isCurrent = settled === input && !answer.isAsking;
  const preview = answer.data?.previewSegment ?? null;
  const good = preview && !preview.errors.length;
  const details = useAnswer(PreviewDetailsDocument, settled && good && isCurrent ? { input: settled } : null);
  const [{ data: base }] = useQuery({ query: BaseDocument, variables: { kind } });

  useEffect(() => {
    if (!isCurrent || !good || !preview || !input) return;
    if (input.criteriaText != null) {
      follow((old) => (old.by === 'text' && old.text === input.criteriaText ? { ...old, root: reconciled(preview.criteria, old.root) } : old));
    } else follow((old) => (old.by === 'tree' ? { ...old, text: preview.criteriaText ?? old.text } : old));
  }, [isCurrent, good, preview, input, follow]);
  useEffect(() => {
    if (!input && draft.by === 'tree' && draft.text && isTouched) follow((old) => ({ ...old, text: '' }));
    if (!input && draft.by === 'text' && draft.root.children.length) follow((old) => ({ ...old, root: emptyRoot() }));
  }, [input, draft, isTouched, follow]);

  const wrong: readonly Mistake[] = isCurrent && preview ? preview.errors : NO_MISTAKES;
  const mistakes = useMemo(() => placed(wrong, places), [wrong, places]);
  const inText = useMemo(() => (draft.by === 'text' ? wrong : NO_MISTAKES), [draft.by, wrong]);
  const counted = details.data?.previewSegment.nodeCounts;
  const counts = useMemo(() => {
    const byPath = new Map((counted ?? []).map((one) => [one.path.join('.'), one.memberCount]));
    return new Map([...places].flatMap(([id, path]) => { const n = byPath.get(path); return n === undefined ? [] : [[id, n] as const]; }));
  }, [counted, places]);

  const open = unfinishedIn(draft.root);
  const known = ['name', 'description'];

  async function save(activate: boolean, version = saved?.version): Promise<void> {
    if (open.length && draft.by === 'tree' && !isStatic) {
      setOpened(open[0]?.id ?? null);
      return setProblems([{ code: 'UNFINISHED', message: plural(open.length, { one: 'One condition is not finished. Finish it or remove it.', other: '# conditions are not finished. Finish or remove them.' }) }]);
    }
    setBusy(true);
    const shared = { name, description: description || null, purpose: purpose || null };
    // Criteria that were not touched are not sent: some have parts that this reader may not see.
    const isForced = version !== saved?.version && draft.text !== '';
    const criteria = isStatic || (!isTouched && !isForced) ? {} : draft.by === 'text' ? { criteriaText: draft.text.trim() || null } : { criteria: json as never };
    let found: readonly Problem[];
    let id: string | undefined;
    if (saved) {
      const result = await client.mutation(UpdateDocument, { input: { id: saved.id, version: version ?? null, activate, ...shared, ...criteria } }).toPromise();
      found = problemsOf(result, (d) => d.updateSegment);
      id = result.data?.updateSegment.segment?.id;
    } else {
      const result = await client.mutation(CreateDocument, { input: { kind, type: 'DYNAMIC', activate, ...shared, ...criteria } }).toPromise();
      found = problemsOf(result, (d) => d.createSegment);
      id = result.data?.createSegment.segment?.id;
    }
    setBusy(false);
    setProblems(found);
    // The event of what somebody else saved may still be on its way: their version is asked for.
    if (saved && found.some((one) => one.code === 'CONFLICT')) void client.query(BuiltDocument, { id: saved.id }, { requestPolicy: 'network-only' }).toPromise();
    if (id && !found.length) {
      setTouched(false);
      say(activate ? t`Saved. The segment is being computed.` : t`Saved.`);
      go(`/segments/${id}`);
    }
  }

  function take(other: Built): void {
    setSaved(other);
    setName(other.name);
    setDescription(other.description ?? '');
    setPurpose(other.purpose ?? '');
    setProblems([]);
    record({ root: fromJson(other.criteria), text: other.criteriaText ?? '', by: 'tree' }, null);
    setTouched(false);
  }

  const conflict = saved && theirs && theirs.version > saved.version && !busy ? theirs : null;
  const events = useEventsOf(kind);
  const fields = useFields(kind);
  const starts = startsOf(fields, events);
  return (
    <>
      <PageHead title={saved ? t`Edit ${saved.name}` : <Trans>New segment</Trans>}>
        <button type="button" className="button plain icon" aria-label={t`Undo`} title={t`Undo (Ctrl+Z)`} disabled={!history.past.length} onClick={undo}><Icon name="undo" /></button>
        <button type="button" className="button plain icon" aria-label={t`Redo`} title={t`Redo (Ctrl+Shift+Z)`} disabled={!history.future.length} onClick={redo}><Icon name="redo" /></button>
        {isDraft && <button type="button" className="button" disabled={busy} onClick={() => void save(false)}><Trans>Save as draft</Trans></button>}
        <button type="button" className="button primary" disabled={busy || Boolean(conflict)} onClick={() => void save(true)}>{isDraft ? <Trans>Save and activate</Trans> : <Trans>Save</Trans>}</button>
      </PageHead>
      {conflict && <Conflict theirs={conflict} mine={{ name, text: draft.text }} onTake={() => take(conflict)} onKeep={() => { setSaved({ ...conflict }); void save(!isDraft, conflict.version); }} />}
      <Problems of={problems.filter((one) => !one.path?.some((part) => known.includes(part)) && !(conflict && one.code === 'CONFLICT'))} />
      <div className="two builder-page">
        <div className="stack">
          <Card>
            <Form onSubmit={() => void save(!isDraft)} className="builder-head">
              <Field label={<Trans>Name</Trans>} wrong={wrongIn(problems, 'name')}>{(ids) => <input {...ids} value={name} maxLength={1_000} onChange={(event) => setName(event.target.value)} />}</Field>
              {!saved && <Field label={<Trans>Members are</Trans>}>{(ids) => <Choice ids={ids} value={kind} options={KINDS.map((one) => [one, word(one)] as const)} onChange={setKind} />}</Field>}
              <Field label={<Trans>Purpose</Trans>}>{(ids) => <Choice<SegmentPurpose | ''> ids={ids} value={purpose} options={[['', word('NONE')], ['ACQUISITION', word('ACQUISITION')], ['RETENTION', word('RETENTION')]]} onChange={setPurpose} />}</Field>
              <Field label={<Trans>Description</Trans>} wrong={wrongIn(problems, 'description')}>{(ids) => <input {...ids} value={description} maxLength={3_000} onChange={(event) => setDescription(event.target.value)} />}</Field>
              <button type="submit" hidden />
            </Form>
          </Card>
          {isStatic ? <p className="note"><Trans>This segment is a list: imports and people choose its members, and no criteria.</Trans></p> : (
            <div className="builder stack">
              <Card title={<Trans>Conditions</Trans>} side={draft.by === 'text' && wrong.length > 0 ? <span className="badge warn"><Trans>as before the mistake in the text</Trans></span> : undefined}>
                {!draft.root.children.length && !draft.text && (
                  <div className="builder-starts">
                    <span className="muted"><Trans>Start with</Trans></span>
                    {starts.map((one) => <button key={one.key} type="button" className="button small" onClick={() => record({ ...draft, text: one.text, by: 'text' }, null)}>{one.name}</button>)}
                  </div>
                )}
                <Conditions
                  root={draft.root} kind={kind} base={base?.previewSegment.memberCount ?? null} counts={counts} mistakes={draft.by === 'tree' ? mistakes.at : NOWHERE}
                  opened={opened} open={setOpened} edit={(root, of) => record({ ...draft, root, by: 'tree' }, of ?? null)}
                />
                {draft.by === 'tree' && mistakes.elsewhere.map((one, index) => <p key={index} className="wrong" role="alert">{one.message}</p>)}
              </Card>
              <Card title={<Trans>As text</Trans>} side={<CopyText text={draft.text} />}>
                <div className="stack tight">
                  <Suspense fallback={<Loading rows={2} />}>
                    <TextForm
                      label={t`Criteria as text`} hint={"country IN ('DE', 'AT') AND employees >= 50"} kind={kind} text={draft.text} mistakes={inText} place={place}
                      onChange={(text) => record({ ...draft, text, by: 'text' }, 'text')}
                    />
                  </Suspense>
                  {inText.length > 0 && (
                    <div role="alert"><ul className="plain-list">
                      {inText.map((one, index) => (
                        <li key={index} className="wrong">
                          {'start' in one && one.start != null
                            ? <button type="button" className="link" onClick={() => setPlace({ start: one.start ?? 0 })}>{one.message}</button>
                            : one.message}
                        </li>
                      ))}
                    </ul></div>
                  )}
                  <p className="hint"><Trans>Both forms show the same criteria: edit the one you like.</Trans></p>
                </div>
              </Card>
            </div>
          )}
        </div>
        {!isStatic && (
          <PreviewCard
            answer={answer} shown={good && input ? preview : null} details={details.of && !details.isAsking ? (details.data?.previewSegment ?? null) : null} base={base?.previewSegment.memberCount ?? null}
            kind={kind} input={settled && good && isCurrent ? settled : input && good ? settled : null} channel={channel} onChannel={setChannel} isSaved={Boolean(saved)} isWrong={wrong.length > 0} failed={details.isAsking ? null : details.error}
          />
        )}
      </div>
    </>
  );
}

const NO_MISTAKES: readonly Mistake[] = [];
const NOWHERE: ReadonlyMap<string, readonly Mistake[]> = new Map();

const unfinishedIn = (root: Group): readonly { id: string }[] => root.children.flatMap(unfinished);

/** Each mistake beside the part that it is in: the one with the longest path to it. */
function placed(mistakes: readonly Mistake[], places: ReadonlyMap<string, string>): { at: ReadonlyMap<string, readonly Mistake[]>; elsewhere: readonly Mistake[] } {
  const at = new Map<string, Mistake[]>();
  const elsewhere: Mistake[] = [];
  for (const one of mistakes) {
    const path = one.path?.[0] === 'criteria' ? one.path.slice(1).join('.') : null;
    let best: [string, string] | null = null;
    for (const [id, of] of places) {
      if (path !== null && (of === '' || path === of || path.startsWith(`${of}.`)) && (!best || of.length >= best[1].length)) best = [id, of];
    }
    if (best) at.set(best[0], [...(at.get(best[0]) ?? []), one]);
    else elsewhere.push(one);
  }
  return { at, elsewhere };
}

function CopyText({ text }: { text: string }): ReactNode {
  const { t } = useLingui();
  if (!text) return null;
  return <button type="button" className="button plain icon" aria-label={t`Copy the text`} onClick={() => void navigator.clipboard.writeText(text).then(() => say(t`Copied.`))}><Icon name="copy" /></button>;
}

/** Somebody saved the segment meanwhile: both versions, and which of them goes on. */
function Conflict({ theirs, mine, onTake, onKeep }: { theirs: Built; mine: { name: string; text: string }; onTake: () => void; onKeep: () => void }): ReactNode {
  const { t } = useLingui();
  return (
    <section className="note warn builder-conflict" role="alert">
      <div>
        <p><b>{theirs.lastModifiedBy ? t`${theirs.lastModifiedBy.name} saved this segment ${ago(theirs.lastModifiedAt)}.` : <Trans>Somebody saved this segment {ago(theirs.lastModifiedAt)}.</Trans>}</b> <Trans>Nothing of yours is lost. Choose which version goes on.</Trans></p>
        <div className="halves">
          <div><h3><Trans>Theirs</Trans></h3><p>{theirs.name}</p><pre>{theirs.criteriaText ?? '–'}</pre></div>
          <div><h3><Trans>Yours</Trans></h3><p>{mine.name}</p><pre>{mine.text || '–'}</pre></div>
        </div>
        <div className="row">
          <button type="button" className="button" onClick={onTake}><Trans>Go on with theirs</Trans></button>
          <button type="button" className="button primary" onClick={onKeep}><Trans>Save yours over it</Trans></button>
        </div>
      </div>
    </section>
  );
}

// Steps with one segment or many: what depends on them is said before they are taken.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState, type ReactNode } from 'react';
import { useClient, useQuery } from 'urql';
import { Link, useLocation } from 'wouter';

import { cloneSegment, exportSegment, take, UsagesDocument, type Outcome, type Step } from '../../api/segments';
import { mayWrite, useViewer } from '../../api/viewer';
import { count } from '../../format';
import { Ask, Confirm, Field, Form, Loading, Problems, wrongIn, type Action, type Problem } from '../../ui/parts';
import { complain, say } from '../../ui/toasts';
import { word } from '../../words';

export interface Named { id: string; name: string; transitions: readonly string[] }

const ASKED: ReadonlySet<Step> = new Set(['ARCHIVE', 'DELETE', 'PAUSE']);

/** The steps that a segment can take, and the dialog of the one that was chosen. */
export function useSteps(done?: () => void): {
  actionsOf: (segment: Named) => Action[]; start: (step: Step, of: readonly Named[]) => void; dialog: ReactNode;
  /** Say what happened to each of several segments, if something was refused. */
  report: (title: string, of: readonly Named[], outcomes: readonly Outcome[]) => void;
} {
  const { t } = useLingui();
  const viewer = useViewer();
  const client = useClient();
  const [, go] = useLocation();
  const [asked, setAsked] = useState<{ step: Step; of: readonly Named[] } | null>(null);
  const [cloned, setCloned] = useState<Named | null>(null);
  const [refused, setRefused] = useState<{ title: string; of: readonly Named[]; outcomes: readonly Outcome[] } | null>(null);

  async function run(step: Step, of: readonly Named[]): Promise<readonly Outcome[]> {
    const outcomes = await take(client, step, of.map((segment) => segment.id));
    const good = outcomes.filter((one) => one.problems.length === 0).length;
    if (good) {
      say(doneText(step, good));
      done?.();
    }
    return outcomes;
  }

  function doneText(step: Step, n: number): string {
    switch (step) {
      case 'ACTIVATE': return t`Activated: ${n}`;
      case 'RECALCULATE': return t`Recalculating: ${n}`;
      case 'PAUSE': return t`Paused: ${n}`;
      case 'RESUME': return t`Resumed: ${n}`;
      case 'ARCHIVE': return t`Archived: ${n}`;
      case 'UNARCHIVE': return t`Taken out of the archive: ${n}`;
      case 'DELETE': return t`Deleted: ${n}`;
    }
  }

  function start(step: Step, of: readonly Named[]): void {
    if (ASKED.has(step)) return setAsked({ step, of });
    const able = of.filter((segment) => segment.transitions.includes(step));
    void run(step, able).then((outcomes) => {
      const refused = outcomes.filter((one) => one.problems.length);
      if (refused.length === 1 && of.length === 1) complain(refused[0]?.problems[0]?.message ?? '');
      else if (refused.length) setRefused({ title: texts[step], of, outcomes });
    });
  }

  async function download(segment: Named): Promise<void> {
    say(t`The export of ${segment.name} has begun. The file comes by itself.`);
    const problem = await exportSegment(client, segment.id);
    if (problem !== null) complain(problem);
  }

  const texts: Record<Step, string> = {
    ACTIVATE: t`Activate`, RECALCULATE: t`Recalculate`, PAUSE: t`Pause`, RESUME: t`Resume`, ARCHIVE: t`Archive`,
    UNARCHIVE: t`Take out of the archive`, DELETE: t`Delete`,
  };

  function actionsOf(segment: Named): Action[] {
    const can = new Set(segment.transitions);
    return [
      ...(can.has('EDIT') ? [{ key: 'edit', label: t`Edit`, run: () => go(`/segments/${segment.id}/edit`) }] : []),
      ...(can.has('CLONE') ? [{ key: 'clone', label: t`Clone`, run: () => setCloned(segment) }] : []),
      ...(Object.keys(texts) as Step[]).filter((step) => can.has(step)).map((step) => ({
        key: step, label: texts[step], danger: step === 'DELETE', run: () => start(step, [segment]),
      })),
      ...(mayWrite(viewer) ? [{ key: 'export', label: t`Export members as CSV`, run: () => void download(segment) }] : []),
    ];
  }

  const dialog = (
    <>
      {asked && <AskStep {...asked} texts={texts} run={run} onClose={() => setAsked(null)} />}
      {refused && <Ask title={refused.title} onClose={() => setRefused(null)}><Results of={refused.of} outcomes={refused.outcomes} /><div className="ends"><button type="button" className="button" onClick={() => setRefused(null)}><Trans>Close</Trans></button></div></Ask>}
      {cloned && <AskName segment={cloned} onClose={() => setCloned(null)} onDone={(id) => { setCloned(null); done?.(); go(`/segments/${id}/edit`); }} />}
    </>
  );
  function report(title: string, of: readonly Named[], outcomes: readonly Outcome[]): void {
    if (outcomes.some((one) => one.problems.length)) return setRefused({ title, of, outcomes });
    say(title);
    done?.();
  }
  return { actionsOf, start, dialog, report };
}

function AskStep({ step, of, texts, run, onClose }: {
  step: Step; of: readonly Named[]; texts: Record<Step, string>; run: (step: Step, of: readonly Named[]) => Promise<readonly Outcome[]>; onClose: () => void;
}): ReactNode {
  const { t } = useLingui();
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>([]);
  const able = of.filter((segment) => segment.transitions.includes(step));
  const name = of.length === 1 ? (of[0]?.name ?? '') : t`${of.length} segments`;
  if (outcomes.length > 1) {
    return (
      <Ask title={`${texts[step]}: ${name}`} onClose={onClose}>
        <Results of={of} outcomes={outcomes} />
        <div className="ends"><button type="button" className="button primary" onClick={onClose}><Trans>Close</Trans></button></div>
      </Ask>
    );
  }
  return (
    <Confirm
      title={`${texts[step]}: ${name}`} action={texts[step]} danger={step === 'DELETE'} problems={outcomes[0]?.problems ?? []} onClose={onClose}
      onConfirm={async () => {
        const found = await run(step, able);
        setOutcomes(found);
        return found.every((one) => one.problems.length === 0);
      }}
    >
      <p>
        {step === 'ARCHIVE' && <Trans>An archived segment is not computed any more. Its members and its history stay, and it can be taken out of the archive.</Trans>}
        {step === 'DELETE' && <Trans>The segment, its criteria and its history are deleted for ever. Members stay as they are, and so do files that were exported and lists in other systems.</Trans>}
        {step === 'PAUSE' && <Trans>A paused segment keeps its members as they are now until it is resumed.</Trans>}
      </p>
      {able.length < of.length && <p className="muted"><Plural value={of.length - able.length} one="# segment is left out: its state or your rights do not allow it." other="# segments are left out: their state or your rights do not allow it." /></p>}
      {able.slice(0, 5).map((segment) => <Dependents key={segment.id} id={segment.id} withName={able.length > 1} />)}
      {able.length > 5 && <p className="muted"><Trans>The server refuses those that something depends on.</Trans></p>}
    </Confirm>
  );
}

/** What happened to each of several segments: those that were refused come first, with the reason. */
function Results({ of, outcomes }: { of: readonly Named[]; outcomes: readonly Outcome[] }): ReactNode {
  const names = new Map(of.map((segment) => [segment.id, segment.name]));
  const sorted = outcomes.toSorted((a, b) => b.problems.length - a.problems.length);
  const bad = outcomes.filter((one) => one.problems.length).length;
  return (
    <div className="stack tight">
      <p role="status"><Trans>Done: {count(outcomes.length - bad)}. Refused: {count(bad)}.</Trans></p>
      <ul className="plain-list scrolled">
        {sorted.map((one) => (
          <li key={one.id}>
            <span className={`badge ${one.problems.length ? 'bad' : 'good'}`}>{one.problems.length ? <Trans>refused</Trans> : <Trans>done</Trans>}</span>
            <span className="grow uses"><Link href={`/segments/${one.id}`}>{names.get(one.id)}</Link>{one.problems.map((problem) => <span key={problem.message} className="muted"><br />{problem.message}</span>)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What depends on a segment. */
export function Dependents({ id, withName }: { id: string; withName?: boolean }): ReactNode {
  const [{ data }] = useQuery({ query: UsagesDocument, variables: { id }, requestPolicy: 'network-only' });
  const segment = data?.segment;
  if (!segment) return <Loading rows={2} />;
  const { campaigns, segments, playbooks, destinations, hiddenCount } = segment.usages;
  const groups = [
    ['campaigns', <Trans key="c">Campaigns</Trans>, campaigns], ['segments', <Trans key="s">Segments</Trans>, segments],
    ['playbooks', <Trans key="p">Playbooks</Trans>, playbooks], ['destinations', <Trans key="d">Destinations</Trans>, destinations],
  ] as const;
  const any = groups.some(([, , uses]) => uses.length) || hiddenCount > 0;
  return (
    <div className="stack tight uses">
      <p>
        {withName && <strong>{segment.name}: </strong>}
        <Plural value={segment.memberCount} one="# member" other="# members" />
        {!any && <>, <Trans>nothing depends on it</Trans></>}
      </p>
      {groups.filter(([, , uses]) => uses.length).map(([place, title, uses]) => (
        <div key={place}>
          <strong>{title}</strong>
          <ul style={{ margin: 0, paddingLeft: '1.2rem' }}>
            {uses.map((use) => (
              <li key={`${use.id}${use.use}`}>
                <Link href={`/${place}/${use.id}`}>{use.name}</Link> <span className="muted">({word(use.use)}, {word(use.status)})</span> {use.holds && <span className="badge bad"><Trans>prevents archiving</Trans></span>}
              </li>
            ))}
          </ul>
        </div>
      ))}
      {hiddenCount > 0 && <p className="muted"><Trans>and {count(hiddenCount)} that you cannot see</Trans></p>}
    </div>
  );
}

function AskName({ segment, onClose, onDone }: { segment: Named; onClose: () => void; onDone: (id: string) => void }): ReactNode {
  const { t } = useLingui();
  const client = useClient();
  const [name, setName] = useState(t`Copy of ${segment.name}`);
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const [busy, setBusy] = useState(false);
  useEffect(() => setProblems([]), [name]);
  async function submit(): Promise<void> {
    setBusy(true);
    const result = await cloneSegment(client, segment.id, name);
    setBusy(false);
    setProblems(result.problems);
    if (result.id && !result.problems.length) {
      say(t`Cloned. The copy is a draft.`);
      onDone(result.id);
    }
  }
  return (
    <Ask title={t`Clone ${segment.name}`} onClose={onClose}>
      <Form onSubmit={() => void submit()}>
        <Field label={<Trans>Name of the copy</Trans>} wrong={wrongIn(problems, 'name')}>
          {(ids) => <input {...ids} autoFocus value={name} onChange={(event) => setName(event.target.value)} />}
        </Field>
        <Problems of={problems.filter((one) => !one.path?.includes('name'))} />
        <div className="ends"><button type="submit" className="button primary" disabled={busy}><Trans>Clone</Trans></button></div>
      </Form>
    </Ask>
  );
}

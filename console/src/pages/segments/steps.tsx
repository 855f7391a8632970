// Steps with one segment or many: what depends on them is said before they are taken.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState, type ReactNode } from 'react';
import { useClient, useQuery } from 'urql';
import { useLocation } from 'wouter';

import { cloneSegment, exportSegment, take, UsagesDocument, type Step } from '../../api/segments';
import { count } from '../../format';
import { Ask, Confirm, Field, Form, Loading, Problems, wrongIn, type Action, type Problem } from '../../ui/parts';
import { complain, say } from '../../ui/toasts';
import { word } from '../../words';

export interface Named { id: string; name: string; transitions: readonly string[] }

const ASKED: ReadonlySet<Step> = new Set(['ARCHIVE', 'DELETE', 'PAUSE']);

/** The steps that a segment can take, and the dialog of the one that was chosen. */
export function useSteps(done?: () => void): { actionsOf: (segment: Named) => Action[]; start: (step: Step, of: readonly Named[]) => void; dialog: ReactNode } {
  const { t } = useLingui();
  const client = useClient();
  const [, go] = useLocation();
  const [asked, setAsked] = useState<{ step: Step; of: readonly Named[] } | null>(null);
  const [cloned, setCloned] = useState<Named | null>(null);

  async function run(step: Step, of: readonly Named[]): Promise<readonly Problem[]> {
    const problems: Problem[] = [];
    let good = 0;
    for (const segment of of) {
      const found = await take(client, step, segment.id);
      if (found.length) problems.push(...found.map((one) => ({ ...one, message: of.length > 1 ? `${segment.name}: ${one.message}` : one.message })));
      else good += 1;
    }
    if (good) {
      say(doneText(step, good));
      done?.();
    }
    return problems;
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
    void run(step, of).then((problems) => problems.forEach((one) => complain(one.message)));
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
      { key: 'export', label: t`Export members as CSV`, run: () => void download(segment) },
    ];
  }

  const dialog = (
    <>
      {asked && <AskStep {...asked} texts={texts} run={run} onClose={() => setAsked(null)} />}
      {cloned && <AskName segment={cloned} onClose={() => setCloned(null)} onDone={(id) => { setCloned(null); done?.(); go(`/segments/${id}/edit`); }} />}
    </>
  );
  return { actionsOf, start, dialog };
}

function AskStep({ step, of, texts, run, onClose }: {
  step: Step; of: readonly Named[]; texts: Record<Step, string>; run: (step: Step, of: readonly Named[]) => Promise<readonly Problem[]>; onClose: () => void;
}): ReactNode {
  const { t } = useLingui();
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const able = of.filter((segment) => segment.transitions.includes(step));
  const name = of.length === 1 ? (of[0]?.name ?? '') : t`${of.length} segments`;
  return (
    <Confirm
      title={`${texts[step]}: ${name}`} action={texts[step]} danger={step === 'DELETE'} problems={problems} onClose={onClose}
      onConfirm={async () => {
        const found = await run(step, able);
        setProblems(found);
        return found.length === 0;
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

/** What depends on a segment. */
export function Dependents({ id, withName }: { id: string; withName?: boolean }): ReactNode {
  const [{ data }] = useQuery({ query: UsagesDocument, variables: { id }, requestPolicy: 'network-only' });
  const segment = data?.segment;
  if (!segment) return <Loading rows={2} />;
  const { campaigns, segments, playbooks, destinations, hiddenCount } = segment.usages;
  const groups = [
    [<Trans key="c">Campaigns</Trans>, campaigns], [<Trans key="s">Segments</Trans>, segments],
    [<Trans key="p">Playbooks</Trans>, playbooks], [<Trans key="d">Destinations</Trans>, destinations],
  ] as const;
  const any = groups.some(([, uses]) => uses.length) || hiddenCount > 0;
  return (
    <div className="stack tight">
      <p>
        {withName && <strong>{segment.name}: </strong>}
        <Plural value={segment.memberCount} one="# member" other="# members" />
        {!any && <>, <Trans>nothing depends on it</Trans></>}
      </p>
      {groups.filter(([, uses]) => uses.length).map(([title, uses], index) => (
        <div key={index}>
          <strong>{title}</strong>
          <ul style={{ margin: 0, paddingLeft: '1.2rem' }}>
            {uses.map((use) => (
              <li key={`${use.id}${use.use}`}>
                {use.name} <span className="muted">({word(use.use)}, {word(use.status)})</span> {use.holds && <span className="badge bad"><Trans>prevents it</Trans></span>}
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
    <Ask title={<Trans>Clone {segment.name}</Trans>} onClose={onClose}>
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

// What a person sees first, in four steps, until they end it. It covers nothing: it stands above the list.
import './tour.css';

import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState, type ReactNode } from 'react';

import { CloseButton } from './parts';

const KEY = 'seggraph-tour';
const isOver = (): boolean => localStorage.getItem(KEY) === 'over';

export function Tour(): ReactNode {
  const { t } = useLingui();
  const [at, setAt] = useState(0);
  const [over, setOver] = useState(isOver);
  const steps: readonly { shows: string; title: string; text: ReactNode }[] = [
    { shows: '.fresh', title: t`Numbers move by themselves`, text: <Trans>While it says “Live”, every number follows the server without a reload. After a lost connection nothing is missed.</Trans> },
    { shows: 'main [role="grid"]', title: t`Your segments`, text: <Trans>Each row is a group of people or companies: how many there are, and how many of them can be reached by each channel. Click a name to see who is in it, and why.</Trans> },
    { shows: 'main a[href$="/segments/new"]', title: t`Build one`, text: <Trans>Put conditions together, or write them as text. You see who matches while you do, and nothing is saved before you save.</Trans> },
    { shows: '[data-graphiql]', title: t`Everything is an API`, text: <Trans>GraphiQL opens with the queries of the page that you look at: copy them into your own application.</Trans> },
  ];
  const step = steps[at];

  useEffect(() => {
    if (over || !step) return;
    const shown = document.querySelector(step.shows);
    shown?.setAttribute('data-toured', '');
    return () => shown?.removeAttribute('data-toured');
  }, [over, step?.shows]);

  if (over || !step) return null;
  function end(): void {
    localStorage.setItem(KEY, 'over');
    setOver(true);
  }
  return (
    <section className="card tour" aria-label={t`First steps`}>
      <div className="stack tight">
        <div className="row apart">
          <span className="muted small"><Trans>First steps, {at + 1} of {steps.length}</Trans></span>
          <CloseButton onClick={end} />
        </div>
        <div aria-live="polite" className="stack tight">
          <h2>{step.title}</h2>
          <p>{step.text}</p>
        </div>
        <div className="row">
          {at > 0 && <button type="button" className="button small" onClick={() => setAt(at - 1)}><Trans>Back</Trans></button>}
          {at < steps.length - 1
            ? <button type="button" className="button small primary" onClick={() => setAt(at + 1)}><Trans>Next</Trans></button>
            : <button type="button" className="button small primary" onClick={end}><Trans>Done</Trans></button>}
          {at < steps.length - 1 && <button type="button" className="button small plain" onClick={end}><Trans>Skip</Trans></button>}
        </div>
      </div>
    </section>
  );
}

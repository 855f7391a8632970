// Why fewer members can be contacted than a segment has: what is left after each reason, as bars.
import './segment.css';

import { Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';

import { count, percent } from '../../format';
import { word } from '../../words';

interface Step { reason: string; remaining: number; dropped: number }

const ROW = 40;

export function Waterfall({ name, steps }: { name: string; steps: readonly Step[] }): ReactNode {
  const { t } = useLingui();
  if (!steps.length) return <div className="stack tight"><h3>{name}</h3><p className="muted"><Trans>It is not computed yet.</Trans></p></div>;
  const whole = steps[0]?.remaining || 1;
  const reached = steps.at(-1)?.remaining ?? 0;
  const share = (n: number): string => `${(100 * n) / whole}%`;
  const rows = [
    ...steps.map((step) => ({ key: step.reason, text: word(step.reason), number: step.reason === 'MEMBERS' ? count(step.remaining) : step.dropped ? `−${count(step.dropped)}` : count(0), remaining: step.reason === 'MEMBERS' ? step.remaining : 0, from: step.remaining, dropped: step.dropped })),
    { key: 'REACHED', text: t`Can be contacted`, number: `${count(reached)} · ${percent(steps[0]?.remaining ? reached / steps[0].remaining : null)}`, remaining: reached, from: 0, dropped: 0 },
  ];
  return (
    <figure className="waterfall">
      <figcaption><h3>{name}</h3></figcaption>
      <svg width="100%" height={rows.length * ROW} role="img" aria-label={rows.map((row) => `${row.text} ${row.number}`).join(', ')}>
        {rows.map((row, index) => (
          <g key={row.key} transform={`translate(0 ${index * ROW})`}>
            <text x="0" y="13">{row.text}</text>
            <text x="100%" y="13" textAnchor="end" className="amount">{row.number}</text>
            <rect x="0" y="19" width="100%" height="12" rx="3" className="ground" />
            {row.remaining > 0 && <rect x="0" y="19" width={share(row.remaining)} height="12" rx="3" className={row.key === 'REACHED' ? 'reached' : 'whole'} />}
            {row.dropped > 0 && <rect x={share(row.from)} y="19" width={share(row.dropped)} height="12" rx="2" className="dropped" />}
            {index > 0 && row.key !== 'REACHED' && <line x1={share(row.from)} x2={share(row.from)} y1="19" y2={ROW + 19} className="edge" />}
          </g>
        ))}
      </svg>
    </figure>
  );
}

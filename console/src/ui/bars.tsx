// Numbers by day as bars, and as a table for those who read.
import { Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';

import { day } from '../format';

export interface Bar { day: string; value: number; text: string }

export function Bars({ title, bars }: { title: string; bars: readonly Bar[] }): ReactNode {
  const { t } = useLingui();
  const most = Math.max(...bars.map((bar) => bar.value), 0) || 1;
  const width = 100 / Math.max(bars.length, 1);
  const first = bars[0];
  const last = bars.at(-1);
  return (
    <figure className="bars">
      <figcaption>{title}</figcaption>
      <svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label={t`${title} by day`}>
        {bars.map((bar, index) => (
          <rect key={bar.day} x={index * width + width * 0.12} width={width * 0.76} y={40 - (38 * bar.value) / most} height={Math.max((38 * bar.value) / most, 0.3)}>
            <title>{`${day(bar.day)}: ${bar.text}`}</title>
          </rect>
        ))}
      </svg>
      {first && last && <div className="row apart muted small"><span>{day(first.day)}</span><span>{day(last.day)}</span></div>}
      <details>
        <summary className="small"><Trans>As a table</Trans></summary>
        <table>
          <thead><tr><th><Trans>Day</Trans></th><th className="number">{title}</th></tr></thead>
          <tbody>{bars.map((bar) => <tr key={bar.day}><td>{day(bar.day)}</td><td className="number">{bar.text}</td></tr>)}</tbody>
        </table>
      </details>
    </figure>
  );
}

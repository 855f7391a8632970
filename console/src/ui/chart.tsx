// Numbers over time. The picture is drawn on a canvas, so what it shows is also a table, and the arrow keys move a
// cursor whose values are read out. Loaded only by pages that draw one.
import 'uplot/dist/uPlot.min.css';
import './chart.css';

import { useLingui } from '@lingui/react/macro';
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import uPlot from 'uplot';

import { compact, day, NOTHING } from '../format';
import { localeNow } from '../i18n';

type Tone = 'accent' | 'good' | 'bad';

export interface Series {
  label: string;
  values: readonly (number | null)[];
  tone: Tone;
  as: 'area' | 'line' | 'bars';
  text: (value: number | null) => string;
}

interface Props {
  label: string;
  times: readonly string[];
  panes: readonly { height: number; series: readonly Series[] }[];
}

/** A number that changes when the colours do. */
function useColours(): number {
  const [round, setRound] = useState(0);
  useEffect(() => {
    const again = (): void => setRound((old) => old + 1);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const watch = new MutationObserver(again);
    watch.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    dark.addEventListener('change', again);
    return () => { watch.disconnect(); dark.removeEventListener('change', again); };
  }, []);
  return round;
}

function colourOf(name: string, inside: HTMLElement): string {
  const probe = inside.appendChild(document.createElement('i'));
  probe.style.color = `var(--${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

export default function Chart({ label, times, panes }: Props): ReactNode {
  const { t } = useLingui();
  const holder = useRef<HTMLDivElement>(null);
  const plots = useRef<uPlot[]>([]);
  const [at, setAt] = useState<number | null>(null);
  const colours = useColours();
  const shape = JSON.stringify([times, panes]);

  useEffect(() => {
    const element = holder.current;
    if (!element || !times.length) return;
    const soft = colourOf('muted', element);
    const line = colourOf('line', element);
    const x = times.map((time) => Date.parse(time) / 1000);
    const step = x.length > 1 ? ((x.at(-1) ?? 0) - (x[0] ?? 0)) / (x.length - 1) : 86_400;
    const dates = new Intl.DateTimeFormat(localeNow(), { day: 'numeric', month: 'short', timeZone: 'UTC' });
    const font = `12px ${getComputedStyle(element).fontFamily}`;
    const sync = uPlot.sync(label);
    const drawn = panes.map(({ height, series }, index) => new uPlot({
      width: Math.max(200, element.clientWidth), height, legend: { show: false }, padding: [8, 12, index === panes.length - 1 ? 0 : 8, 0],
      scales: { x: { range: (_, min, max) => [min - step * 0.6, max + step * 0.6] }, y: { range: (_, min, max) => [Math.min(0, min * 1.08), max > 0 ? max * 1.08 : min < 0 ? 0 : 1] } },
      cursor: { y: false, sync: { key: sync.key }, points: { size: 7 }, drag: { x: false, y: false } },
      axes: [
        { show: index === panes.length - 1, stroke: soft, font, grid: { stroke: line, width: 1 }, ticks: { show: false }, space: 70, size: 30, values: (_, splits) => splits.map((one) => dates.format(one * 1000)) },
        { stroke: soft, font, grid: { stroke: line, width: 1 }, ticks: { show: false }, size: 52, space: 34, values: (_, splits) => splits.map((one) => compact(one)) },
      ],
      series: [{}, ...series.map((one) => {
        const colour = colourOf(one.tone, element);
        return {
          label: one.label, stroke: colour, width: one.as === 'bars' ? 0 : 2, points: { show: x.length === 1 }, spanGaps: true,
          ...(one.as === 'bars' && { fill: colour, paths: uPlot.paths.bars?.({ size: [0.6, 26], radius: 0.15 }) ?? null }),
          ...(one.as === 'area' && { fill: colour.replace('rgb(', 'rgba(').replace(')', ', 0.12)') }),
        } as uPlot.Series;
      })],
      hooks: { setCursor: [(plot) => setAt(plot.cursor.idx ?? null)] },
    }, [x, ...series.map((one) => [...one.values])] as uPlot.AlignedData, element));
    plots.current = drawn;
    const resized = new ResizeObserver(() => {
      for (const [index, plot] of drawn.entries()) plot.setSize({ width: Math.max(200, element.clientWidth), height: panes[index]?.height ?? 200 });
    });
    resized.observe(element);
    return () => {
      resized.disconnect();
      for (const plot of drawn) plot.destroy();
      plots.current = [];
    };
  }, [shape, colours, label]);

  const last = times.length - 1;
  const shown = at ?? last;
  const all = panes.flatMap((pane) => pane.series);
  const textAt = (index: number): string => `${day(times[index])}: ${all.map((one) => `${one.label} ${one.text(one.values[index] ?? null)}`).join(', ')}`;

  function onKey(event: KeyboardEvent): void {
    const moves: Record<string, number> = { ArrowLeft: shown - 1, ArrowRight: shown + 1, ArrowDown: shown - 1, ArrowUp: shown + 1, PageDown: shown - 7, PageUp: shown + 7, Home: 0, End: last };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(last, move));
    setAt(next);
    for (const plot of plots.current) plot.setCursor({ left: plot.valToPos(plot.data[0][next] ?? 0, 'x'), top: 0 }, false);
  }

  return (
    <div className="over-time">
      <p className="readout" aria-hidden="true">
        <span className="muted">{times.length ? day(times[shown]) : NOTHING}</span>
        {all.map((one) => <span key={one.label}><i className={`key ${one.tone}`} />{one.label} <b>{one.text(one.values[shown] ?? null)}</b></span>)}
      </p>
      <div
        ref={holder} className="drawn" role="slider" tabIndex={0} aria-label={t`${label}: move with the arrow keys`} aria-orientation="horizontal"
        aria-valuemin={0} aria-valuemax={Math.max(0, last)} aria-valuenow={Math.max(0, shown)} aria-valuetext={times.length ? textAt(shown) : ''} onKeyDown={onKey}
      />
      <div className="hidden-text">
        <table>
          <caption>{label}</caption>
          <thead><tr><th>{t`Day`}</th>{all.map((one) => <th key={one.label}>{one.label}</th>)}</tr></thead>
          <tbody>{times.map((time, index) => <tr key={time}><td>{day(time)}</td>{all.map((one) => <td key={one.label}>{one.text(one.values[index] ?? null)}</td>)}</tr>)}</tbody>
        </table>
      </div>
    </div>
  );
}

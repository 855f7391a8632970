// A list of many rows, of which only those in sight are in the page. Arrow keys move between cells, Home and End along
// a row, Space selects and Enter opens.
import { Trans, useLingui } from '@lingui/react/macro';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

import { Icon } from './icon';

export interface Column<Row> {
  key: string;
  title: string;
  width: string;
  number?: boolean;
  /** The value of the address parameter `sort` by which the list is ordered so, if it can be. */
  sort?: string;
  cell: (row: Row) => ReactNode;
}

interface Props<Row> {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  idOf: (row: Row) => string;
  nameOf: (row: Row) => string;
  hasMore?: boolean;
  more?: () => void;
  total?: number | null;
  selected?: ReadonlySet<string>;
  onSelect?: (ids: ReadonlySet<string>) => void;
  onOpen?: (row: Row) => void;
  sort?: string;
  onSort?: (sort: string) => void;
}

const HEIGHT = 46;

export function Grid<Row>({ label, rows, columns, idOf, nameOf, hasMore = false, more, total, selected, onSelect, onOpen, sort = '', onSort }: Props<Row>): ReactNode {
  const { t } = useLingui();
  const scroller = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<[number, number]>([-1, 0]);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => HEIGHT, overscan: 12, scrollPaddingStart: HEIGHT });
  const items = virtual.getVirtualItems();
  const lastSeen = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && lastSeen >= rows.length - 15) more?.();
  }, [hasMore, lastSeen, rows.length, more]);

  const canSelect = Boolean(onSelect);
  const widths = [...(canSelect ? ['44px'] : []), ...columns.map((column) => column.width)].join(' ');
  const minWidth = columns.reduce((sum, column) => sum + Number(/\d+/.exec(column.width)?.[0] ?? 0), canSelect ? 44 : 0);
  const cells = columns.length + (canSelect ? 1 : 0);

  function go(row: number, cell: number): void {
    const next: [number, number] = [Math.max(-1, Math.min(rows.length - 1, row)), Math.max(0, Math.min(cells - 1, cell))];
    setAt(next);
    if (next[0] >= 0) virtual.scrollToIndex(next[0]);
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const cellElement = scroller.current?.querySelector<HTMLElement>(`[data-row="${next[0]}"][data-cell="${next[1]}"]`);
      (cellElement?.querySelector<HTMLElement>('input, button, a') ?? cellElement)?.focus({ preventScroll: next[0] >= 0 });
    }));
  }

  function onKey(event: KeyboardEvent): void {
    const inside = (event.target as HTMLElement).closest('[role="dialog"], [role="menu"]');
    if (inside) return;
    const [row, cell] = at;
    const moves: Record<string, [number, number]> = {
      ArrowDown: [row + 1, cell], ArrowUp: [row - 1, cell], ArrowRight: [row, cell + 1], ArrowLeft: [row, cell - 1],
      PageDown: [row + 10, cell], PageUp: [Math.max(0, row - 10), cell],
      Home: [event.ctrlKey ? 0 : row, 0], End: [event.ctrlKey ? rows.length - 1 : row, cells - 1],
    };
    const move = moves[event.key];
    const current = rows[row];
    if (move) {
      event.preventDefault();
      go(...move);
    } else if (event.key === ' ' && current && onSelect && (event.target as HTMLElement).tagName !== 'BUTTON') {
      event.preventDefault();
      toggle(idOf(current));
    } else if (event.key === 'Enter' && current && onOpen && !['BUTTON', 'A'].includes((event.target as HTMLElement).tagName)) {
      onOpen(current);
    }
  }

  function toggle(id: string): void {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect?.(next);
  }

  const all = rows.length > 0 && rows.every((row) => selected?.has(idOf(row)));
  const focusable = (row: number, cell: number): 0 | -1 => (at[0] === row && at[1] === cell ? 0 : -1);

  return (
    <div
      ref={scroller} className="grid-list" role="grid" aria-label={label} aria-rowcount={(total ?? rows.length) + 1} aria-colcount={cells}
      aria-multiselectable={canSelect || undefined} tabIndex={at[0] === -1 && at[1] === 0 ? 0 : -1} onKeyDown={onKey}
      onFocus={(event) => {
        const cell = (event.target as HTMLElement).closest<HTMLElement>('[data-row]');
        if (cell) setAt([Number(cell.dataset['row']), Number(cell.dataset['cell'])]);
      }}
    >
      <div role="row" aria-rowindex={1} className="head" style={{ gridTemplateColumns: widths, minWidth, height: HEIGHT }}>
        {canSelect && (
          <span role="columnheader" data-row={-1} data-cell={0}>
            <input
              type="checkbox" aria-label={t`Select all rows that are loaded`} checked={all} tabIndex={focusable(-1, 0)}
              onChange={() => onSelect?.(all ? new Set() : new Set(rows.map(idOf)))}
            />
          </span>
        )}
        {columns.map((column, index) => {
          const place = index + (canSelect ? 1 : 0);
          const [field, direction] = sort.split(':');
          const by = column.sort && column.sort === field ? direction : null;
          return (
            <span
              key={column.key} role="columnheader" data-row={-1} data-cell={place} className={column.number ? 'number' : ''}
              aria-sort={by ? (by === 'DESC' ? 'descending' : 'ascending') : undefined}
            >
              {column.sort && onSort ? (
                <button type="button" className="sort" tabIndex={focusable(-1, place)} onClick={() => onSort(`${column.sort}:${by === 'DESC' ? 'ASC' : by ? 'DESC' : column.number ? 'DESC' : 'ASC'}`)}>
                  {column.title}{by && <Icon name={by === 'DESC' ? 'down' : 'up'} />}
                </button>
              ) : column.title}
            </span>
          );
        })}
      </div>
      <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          const id = idOf(row);
          return (
            <div
              key={id} role="row" aria-rowindex={item.index + 2} aria-selected={canSelect ? (selected?.has(id) ?? false) : undefined}
              className="virtual" style={{ gridTemplateColumns: widths, minWidth, height: HEIGHT, transform: `translateY(${item.start}px)` }}
            >
              {canSelect && (
                <span role="gridcell" data-row={item.index} data-cell={0}>
                  <input type="checkbox" aria-label={t`Select ${nameOf(row)}`} checked={selected?.has(id) ?? false} tabIndex={focusable(item.index, 0)} onChange={() => toggle(id)} />
                </span>
              )}
              {columns.map((column, index) => {
                const place = index + (canSelect ? 1 : 0);
                return (
                  <span key={column.key} role="gridcell" data-row={item.index} data-cell={place} tabIndex={focusable(item.index, place)} className={column.number ? 'number' : ''}>
                    {column.cell(row)}
                  </span>
                );
              })}
            </div>
          );
        })}
      </div>
      {hasMore && <p className="muted small" style={{ padding: '0.75rem' }}><Trans>Loading more</Trans></p>}
    </div>
  );
}

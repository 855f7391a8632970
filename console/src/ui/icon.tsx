// Icons of Tabler (MIT), as paths.
import type { ReactNode } from 'react';

const PATHS = {
  segments: 'M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12M15 21a6 6 0 1 0 0-12 6 6 0 0 0 0 12',
  members: 'M9 7m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0M3 21v-2a4 4 0 0 1 4-4h4a4 4 0 0 1 4 4v2M16 3.1a4 4 0 0 1 0 7.8M21 21v-2a4 4 0 0 0-3-3.9',
  playbooks: 'M5 4h10a4 4 0 0 1 4 4v12H9a4 4 0 0 1-4-4zM9 9h6M9 13h6',
  campaigns: 'M18 8a3 3 0 0 1 0 6M10 8v11a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1v-5M12 8l4.5-3.8A1 1 0 0 1 18 5v12a1 1 0 0 1-1.5.8L12 14H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1z',
  imports: 'M4 17v2a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-2M7 9l5-5 5 5M12 4v12',
  catalogue: 'M4 6h16M4 12h16M4 18h12',
  destinations: 'M10 14L21 3M21 3l-6.5 18a.5.5 0 0 1-1 0L10 14l-7-3.5a.5.5 0 0 1 0-1z',
  webhooks: 'M4.9 13.5A4 4 0 1 0 11 17h6M15.1 10.5A4 4 0 1 1 8.9 7l3 5.5M12 7a4 4 0 1 1 5.6 5.6l-3-5.1',
  users: 'M12 7m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0M6 21v-2a4 4 0 0 1 4-4h4a4 4 0 0 1 4 4v2',
  settings: 'M4 8h8M16 8h4M14 8a2 2 0 1 0 0 .01M4 16h2M10 16h10M8 16a2 2 0 1 0 0 .01',
  wall: 'M3 5h18v11H3zM8 20h8M12 16v4M7 12l3-3 2 2 4-4',
  plus: 'M12 5v14M5 12h14',
  star: 'M12 17.8l-6.2 3.2 1.2-6.9-5-4.8 6.9-1L12 2l3.1 6.3 6.9 1-5 4.8 1.2 6.9z',
  folder: 'M5 4h4l3 3h7a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2',
  label: 'M4 4h7l9 9-7 7-9-9zM8 8h.01',
  close: 'M18 6L6 18M6 6l12 12',
  search: 'M10 10m-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0M21 21l-6-6',
  menu: 'M4 6h16M4 12h16M4 18h16',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  up: 'M6 15l6-6 6 6',
  down: 'M6 9l6 6 6-6',
  check: 'M5 12l5 5L20 7',
  warning: 'M12 9v4M12 17h.01M10.4 3.9L2 18a2 2 0 0 0 1.7 3h16.6a2 2 0 0 0 1.7-3L13.6 3.9a2 2 0 0 0-3.2 0',
  undo: 'M9 14l-4-4 4-4M5 10h11a4 4 0 0 1 0 8h-1',
  redo: 'M15 14l4-4-4-4M19 10H8a4 4 0 0 0 0 8h1',
  copy: 'M8 8h12v12H8zM16 8V4H4v12h4',
  trash: 'M4 7h16M10 11v6M14 11v6M5 7l1 13h12l1-13M9 7V4h6v3',
  refresh: 'M20 11A8 8 0 0 0 4.5 9M4 5v4h4M4 13a8 8 0 0 0 15.5 2M20 19v-4h-4',
  columns: 'M4 4h16v16H4zM10 4v16M15 4v16',
  code: 'M7 8l-4 4 4 4M17 8l4 4-4 4M14 4l-4 16',
  graphiql: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 3L4 16.5h16z',
  sun: 'M12 12m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0M3 12h1M12 3v1M20 12h1M12 20v1M5.6 5.6l.7.7M18.4 5.6l-.7.7M17.7 17.7l.7.7M6.3 17.7l-.7.7',
  help: 'M12 12m-9 0a9 9 0 1 0 18 0a9 9 0 1 0-18 0M12 17v.01M12 13.5a1.5 1.5 0 0 1 1-1.5 2.6 2.6 0 1 0-3-4',
  compare: 'M3 6h8v12H3zM13 6h8v12h-8z',
  grip: 'M9 5h.01M9 12h.01M9 19h.01M15 5h.01M15 12h.01M15 19h.01',
  right: 'M9 6l6 6-6 6',
  download: 'M4 17v2a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-2M7 11l5 5 5-5M12 4v12',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): ReactNode {
  return (
    <svg viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

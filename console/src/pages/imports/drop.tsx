// A place to drop a file, or to choose one.
import './imports.css';

import { Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';

import { Icon } from '../../ui/icon';

export function Drop({ onFile, busy, hint }: { onFile: (file: File) => void; busy: boolean; hint: ReactNode }): ReactNode {
  const { t } = useLingui();
  const [isOver, setOver] = useState(false);
  return (
    <label
      className={isOver ? 'drop over' : 'drop'} aria-busy={busy}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer.files[0];
        if (file && !busy) onFile(file);
      }}
    >
      <Icon name="imports" />
      <strong>{busy ? <Trans>The file is being read</Trans> : <Trans>Drop a CSV file here, or choose one</Trans>}</strong>
      <span className="muted small">{hint}</span>
      <input
        type="file" aria-label={t`File`} accept=".csv,.tsv,.txt,text/csv,text/plain" disabled={busy}
        onChange={(event) => { const file = event.target.files?.[0]; event.target.value = ''; if (file) onFile(file); }}
      />
    </label>
  );
}

/** What would work instead of a file that does not. */
export function WhatWorks(): ReactNode {
  return <p className="muted"><Trans>What works: a CSV file in UTF-8, UTF-16 or Windows-1252, with commas, semicolons or tabs. Excel, Numbers and Google Sheets save a sheet as CSV; an archive has to be unpacked first.</Trans></p>;
}

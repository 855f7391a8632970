// One of a few, as buttons side by side.
import type { ReactNode } from 'react';

export function Choices<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: readonly (readonly [T, string])[]; onChange: (value: T) => void }): ReactNode {
  return (
    <span className="choices" role="group" aria-label={label}>
      {options.map(([key, text]) => <button key={key} type="button" aria-pressed={key === value} onClick={() => onChange(key)}>{text}</button>)}
    </span>
  );
}

// Short messages about what was done. They are read out, and stay until they are read or closed.
import { useEffect, useState, type ReactNode } from 'react';

import { CloseButton } from './parts';

interface Toast { id: number; text: string; bad: boolean }

let listener: ((toast: Toast) => void) | null = null;
let number = 0;

export const say = (text: string): void => listener?.({ id: ++number, text, bad: false });
export const complain = (text: string): void => listener?.({ id: ++number, text, bad: true });

export function Toasts(): ReactNode {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  useEffect(() => {
    listener = (toast) => {
      setToasts((old) => [...old.slice(-3), toast]);
      if (!toast.bad) setTimeout(() => setToasts((old) => old.filter((one) => one.id !== toast.id)), 6_000);
    };
    return () => { listener = null; };
  }, []);
  return (
    <div className="toasts" role="region" aria-label="Messages" aria-live="polite">
      {toasts.map((toast) => (
        <div key={toast.id} className={toast.bad ? 'toast bad' : 'toast'}>
          <span className="grow">{toast.text}</span>
          <CloseButton onClick={() => setToasts((old) => old.filter((one) => one.id !== toast.id))} />
        </div>
      ))}
    </div>
  );
}

// The state of a page is its address: what is filtered, sorted and searched can be kept, shared and gone back to.
import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'wouter';

export type State = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The parameters of the address by name, and a function that changes some of them. Lists are joined by commas. */
export function useAddress(): [(name: string) => string, (name: string) => string[], (changes: State, push?: boolean) => void] {
  const [parameters, setParameters] = useSearchParams();
  const one = useCallback((name: string) => parameters.get(name) ?? '', [parameters]);
  const many = useCallback((name: string) => (parameters.get(name) ?? '').split(',').filter(Boolean), [parameters]);
  const change = useCallback(
    (changes: State, push = false) =>
      setParameters(
        (old) => {
          const next = new URLSearchParams(old);
          for (const [name, value] of Object.entries(changes)) {
            const text = typeof value === 'string' ? value : (value ?? []).join(',');
            if (text) next.set(name, text);
            else next.delete(name);
          }
          return next;
        },
        { replace: !push },
      ),
    [setParameters],
  );
  return useMemo(() => [one, many, change], [one, many, change]);
}

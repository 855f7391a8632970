// Mutations: what was made, or what is wrong with what was given.
import { useCallback, useState } from 'react';
import { useClient, type AnyVariables, type TypedDocumentNode } from 'urql';

import { graphql } from '../gql';
import type { Problem } from '../ui/parts';

export const Wrong = graphql(`
  fragment Wrong on UserError {
    code
    message
    path
  }
`);

interface Payload { errors: readonly Problem[] }
type PayloadOf<Data> = Extract<Exclude<Data[keyof Data], string | undefined>, Payload>;

interface Act {
  /** Do a mutation. Returns its payload if nothing is wrong, and else null. */
  act: <Data extends object, Variables extends AnyVariables>(document: TypedDocumentNode<Data, Variables>, variables: Variables) => Promise<PayloadOf<Data> | null>;
  busy: boolean;
  problems: readonly Problem[];
  setProblems: (problems: readonly Problem[]) => void;
}

/** A mutation of one form or dialog, with what was wrong with the last one. */
export function useAct(): Act {
  const client = useClient();
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const [busy, setBusy] = useState(false);
  const act = useCallback<Act['act']>(async (document, variables) => {
    setBusy(true);
    const result = await client.mutation(document, variables).toPromise();
    setBusy(false);
    const payload = result.data ? (Object.values(result.data).find((one) => typeof one === 'object' && one !== null) as PayloadOf<typeof result.data> | undefined) : undefined;
    const message = result.error?.graphQLErrors[0]?.message ?? result.error?.message ?? '';
    const found = payload ? payload.errors : [{ code: 'NETWORK', message }];
    setProblems(found);
    return payload && found.length === 0 ? payload : null;
  }, [client]);
  return { act, busy, problems, setProblems };
}

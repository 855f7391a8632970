// Questions to the server while somebody edits. A new question cancels the one before it: its request is aborted, and
// the server stops counting.
import type { TypedDocumentNode } from '@urql/core';
import { useEffect, useState } from 'react';
import { useClient, useQuery, type CombinedError } from 'urql';

import { CompletionsDocument, CriteriaFieldsDocument, EventNamesDocument, type EventOfKind, type FieldOfKind } from '../../api/builder';
import type { MemberKind } from '../../gql/graphql';

export interface Answer<Data> {
  /** The last answer, which may belong to an earlier question. */
  data: Data | null;
  error: CombinedError | null;
  /** The question that the answer belongs to. */
  of: string | null;
  isAsking: boolean;
}

/** The answer to a question; null asks nothing. */
export function useAnswer<Data, Variables extends object>(document: TypedDocumentNode<Data, Variables>, variables: Variables | null): Answer<Data> {
  const client = useClient();
  const question = variables && JSON.stringify(variables);
  const [answer, setAnswer] = useState<Omit<Answer<Data>, 'isAsking'>>({ data: null, error: null, of: null });
  useEffect(() => {
    if (!question) return;
    const { unsubscribe } = client
      .query(document, JSON.parse(question) as Variables, { requestPolicy: 'network-only' })
      .subscribe((result) => {
        if (result.stale) return;
        setAnswer({ data: result.data ?? null, error: result.error ?? null, of: question });
      });
    return unsubscribe;
  }, [client, document, question]);
  return { ...answer, isAsking: question !== null && answer.of !== question };
}

export function useFields(kind: MemberKind | null): readonly FieldOfKind[] {
  const [{ data }] = useQuery({ query: CriteriaFieldsDocument, variables: { kind: kind ?? 'ACCOUNT' }, pause: !kind, requestPolicy: 'cache-first' });
  return data?.criteriaFields ?? NONE;
}

export function useEventsOf(kind: MemberKind): readonly EventOfKind[] {
  const [{ data }] = useQuery({ query: EventNamesDocument, variables: { kind }, requestPolicy: 'cache-first' });
  return data?.eventNames ?? NONE;
}

const NONE: readonly never[] = [];
const RELATED = "COUNT(RELATED '";

/** The relations of a kind, and the kind on their other side, as the completions of the text form name them. */
export function useRelations(kind: MemberKind | null): readonly { name: string; kind: MemberKind }[] {
  const variables = { kind: kind ?? 'ACCOUNT', text: RELATED, cursor: RELATED.length };
  const [{ data }] = useQuery({ query: CompletionsDocument, variables, pause: !kind, requestPolicy: 'cache-first' });
  return (data?.criteriaCompletions ?? []).flatMap((one) => {
    const other = /^Related ([A-Z]+)\.$/.exec(one.description)?.[1];
    return one.kind === 'RELATION' && other ? [{ name: one.text.slice(1, -1).replaceAll("''", "'"), kind: other as MemberKind }] : [];
  });
}

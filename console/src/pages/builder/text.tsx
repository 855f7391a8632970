// The text form in an editor: completions by the server, and mistakes underlined where they are.
import { autocompletion, completionKeymap, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap } from '@codemirror/commands';
import { StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { lintKeymap, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, placeholder, tooltips } from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import { useEffect, useRef, type ReactNode } from 'react';
import { useClient, type Client } from 'urql';

import { CompletionsDocument, type Mistake } from '../../api/builder';
import type { MemberKind } from '../../gql/graphql';

const KEYWORDS = new Set(
  ('ALL AND ANY AVG CONSENT COUNT DISTINCT_DAYS EVENT FALSE FIRST_AT IN LAST_AT MAX MIN NOT OR RELATED SAMPLE SEQUENCE SUM TAGS TRUE BETWEEN ' +
  'CONTAINS STARTS ENDS WITH IS SET BEFORE AFTER ON LAST NEXT ANNIVERSARY HAS NONE SEGMENT WHERE OF FROM TO WITHIN SEED GRANTED DENIED UNKNOWN ' +
  'DAY DAYS WEEK WEEKS MONTH MONTHS YEAR YEARS HOUR HOURS MINUTE MINUTES SECOND SECONDS').split(' '),
);

const language = StreamLanguage.define({
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.match(/^'(?:[^']|'')*'?/)) return 'string';
    if (stream.match(/^"(?:[^"]|"")*"?/)) return 'variableName';
    if (stream.match(/^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?/) || stream.match(/^-?\d+(?:\.\d+)?%?/)) return 'number';
    if (stream.match(/^[<>=!]+/)) return 'operator';
    const word = stream.match(/^[\p{L}_][\p{L}\p{N}_.]*/u);
    if (word && typeof word !== 'boolean') return KEYWORDS.has(word[0].toUpperCase()) ? 'keyword' : 'variableName';
    stream.next();
    return null;
  },
});

/** The server counts characters, the browser counts UTF-16 units. */
export const unitsOf = (text: string, characters: number): number => Array.from(text).slice(0, characters).join('').length;
const charactersOf = (text: string, units: number): number => Array.from(text.slice(0, units)).length;

const TYPES: Readonly<Record<string, string>> = { FIELD: 'property', OPERATOR: 'keyword', KEYWORD: 'keyword', VALUE: 'constant', SEGMENT: 'class', EVENT: 'function', RELATION: 'interface' };

const completing = (client: Client, kind: () => MemberKind) => async (context: CompletionContext): Promise<CompletionResult | null> => {
  const text = context.state.doc.toString();
  if (!context.explicit && !/[\s('"\p{L}\p{N}_=<>]$/u.test(text.slice(0, context.pos))) return null;
  const variables = { kind: kind(), text, cursor: charactersOf(text, context.pos) };
  const { data } = await client.query(CompletionsDocument, variables, { requestPolicy: 'cache-first' }).toPromise();
  const found = data?.criteriaCompletions ?? [];
  const [first] = found;
  if (!first || context.aborted) return null;
  const to = unitsOf(text, first.end);
  return {
    from: unitsOf(text, first.start), to, filter: false,
    options: found.map((one) => ({ label: one.text, detail: one.description, type: TYPES[one.kind] ?? 'text' })),
  };
};

const nonce = (): string => document.querySelector<HTMLElement>('meta[property="csp-nonce"]')?.nonce ?? '';

export default function TextForm({ label, hint, kind, text, mistakes, onChange, place }: {
  label: string; hint: string; kind: MemberKind; text: string; mistakes: readonly Mistake[]; onChange: (text: string) => void;
  /** Where to put the cursor, when it changes: an offset in characters. */
  place: { start: number } | null;
}): ReactNode {
  const client = useClient();
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef({ kind, onChange, text });
  latest.current = { kind, onChange, text };

  useEffect(() => {
    if (!box.current) return;
    const editor = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: [
          EditorView.cspNonce.of(nonce()), EditorView.lineWrapping, tooltips({ parent: document.body }),
          EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }), placeholder(hint),
          language, syntaxHighlighting(classHighlighter),
          autocompletion({ override: [completing(client, () => latest.current.kind)], maxRenderedOptions: 50 }),
          keymap.of([...completionKeymap, ...lintKeymap, ...defaultKeymap]),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged) return;
            const next = update.state.doc.toString();
            if (next !== latest.current.text) latest.current.onChange(next);
          }),
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, [client, label, hint]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === text) return;
    const head = Math.min(editor.state.selection.main.head, text.length);
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text }, selection: { anchor: head } });
  }, [text]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const now = editor.state.doc.toString();
    const diagnostics = mistakes.flatMap<Diagnostic>((one) => {
      if (!('start' in one) || one.start == null || now !== text) return [];
      const start = Math.min(unitsOf(text, one.start), now.length);
      const end = Math.min(Math.max(unitsOf(text, one.end ?? one.start), start), now.length);
      // A mistake at the end is shown at the character before it.
      const from = start === end && start === now.length ? Math.max(0, start - 1) : start;
      return [{
        from, to: Math.max(end, Math.min(from + 1, now.length)), severity: 'error', message: one.message,
        actions: one.suggestions.slice(0, 3).map((suggestion) => ({
          name: suggestion,
          apply: (target) => target.dispatch({ changes: { from: start, to: end, insert: suggestion } }),
        })),
      }];
    });
    editor.dispatch(setDiagnostics(editor.state, diagnostics));
  }, [mistakes, text]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || !place) return;
    editor.dispatch({ selection: { anchor: Math.min(unitsOf(latest.current.text, place.start), editor.state.doc.length) }, scrollIntoView: true });
    editor.focus();
  }, [place]);

  return <div className="editor" ref={box} />;
}

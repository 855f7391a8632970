// The parts that forms are made of: texts, criteria with what they find, and segments to choose.
import './editing.css';

import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState, type ReactNode } from 'react';
import { useQuery } from 'urql';

import { count } from '../format';
import { graphql } from '../gql';
import type { CriteriaInput, MemberKind, PickedSegmentsQuery } from '../gql/graphql';
import { word } from '../words';
import { Ask, Choice, Field, Form, Problems, Status, useSettled, wrongIn, type Problem } from './parts';

export const KINDS: readonly MemberKind[] = ['PERSON', 'ACCOUNT', 'ORGANIZATION', 'PRODUCT', 'DEAL', 'ACTIVITY', 'TICKET'];

export function useTitle(title: string): void {
  useEffect(() => { document.title = `${title} – seggraph`; }, [title]);
}

export function TextField({ label, value, onChange, problems = [], name, hint, type = 'text', autoFocus, placeholder }: {
  label: ReactNode; value: string; onChange: (value: string) => void; problems?: readonly Problem[]; name?: string; hint?: ReactNode;
  type?: 'text' | 'date' | 'number' | 'url' | 'email' | 'password'; autoFocus?: boolean; placeholder?: string;
}): ReactNode {
  return (
    <Field label={label} hint={hint} wrong={name ? wrongIn(problems, name) : undefined}>
      {(ids) => <input {...ids} type={type} value={value} autoFocus={autoFocus} placeholder={placeholder} autoComplete="off" onChange={(event) => onChange(event.target.value)} />}
    </Field>
  );
}

export function ChoiceField<T extends string>({ label, value, options, onChange, hint, wrong }: {
  label: ReactNode; value: T; options: readonly (readonly [T, string])[]; onChange: (value: T) => void; hint?: ReactNode; wrong?: string | undefined;
}): ReactNode {
  return <Field label={label} hint={hint} wrong={wrong}>{(ids) => <Choice ids={ids} value={value} options={options} onChange={onChange} />}</Field>;
}

/** Problems that no field of a form shows. */
export const besides = (problems: readonly Problem[], ...names: string[]): readonly Problem[] =>
  problems.filter((one) => !names.some((name) => wrongIn([one], name)));

/** A dialog with a form. */
export function AskForm({ title, action, onSubmit, onClose, busy, problems = [], children, wide }: {
  title: ReactNode; action: ReactNode; onSubmit: () => void; onClose: () => void; busy: boolean; problems?: readonly Problem[]; children: ReactNode; wide?: boolean;
}): ReactNode {
  return (
    <Ask keeps title={title} onClose={onClose} {...(wide && { wide })}>
      <Form onSubmit={onSubmit}>
        {children}
        <Problems of={problems} />
        <div className="ends">
          <button type="button" className="button" onClick={onClose}><Trans>Cancel</Trans></button>
          <button type="submit" className="button primary" disabled={busy}>{action}</button>
        </div>
      </Form>
    </Ask>
  );
}

const CriteriaPreview = graphql(`
  query CriteriaPreview($input: PreviewSegmentInput!) {
    previewSegment(input: $input) {
      memberCount
      sentence
      criteria
      errors {
        ...Wrong
      }
    }
  }
`);

export interface ReadCriteria { criteria: CriteriaInput | null; sentence: string | null; memberCount: number | null; wrong: string | undefined; isReading: boolean }

/** What criteria text means, and how many members it finds now. */
export function useCriteria(kind: MemberKind, text: string): ReadCriteria {
  const settled = useSettled(text.trim(), 300);
  const [{ data, error, fetching }] = useQuery({
    query: CriteriaPreview, variables: { input: { kind, criteriaText: settled } }, pause: !settled, requestPolicy: 'network-only',
  });
  if (!settled) return { criteria: null, sentence: null, memberCount: null, wrong: undefined, isReading: text.trim() !== settled };
  const found = fetching ? undefined : data?.previewSegment;
  return {
    criteria: (found && found.errors.length === 0 ? found.criteria : null) as CriteriaInput | null, sentence: found?.sentence ?? null, memberCount: found?.memberCount ?? null,
    wrong: found?.errors[0]?.message ?? error?.graphQLErrors[0]?.message, isReading: fetching || text.trim() !== settled,
  };
}

/** Criteria in their text form, with the sentence and the number of members below. */
export function CriteriaField({ kind, value, onChange, label, problems = [], rows = 4 }: {
  kind: MemberKind; value: string; onChange: (text: string) => void; label?: ReactNode; problems?: readonly Problem[]; rows?: number;
}): ReactNode {
  const read = useCriteria(kind, value);
  return (
    <div className="stack tight">
      <Field
        label={label ?? <Trans>Criteria</Trans>} wrong={read.wrong ?? wrongIn(problems, 'criteriaText')}
        hint={<Trans>For example country = 'DE' AND employees {'>'} 50</Trans>}
      >
        {(ids) => <textarea {...ids} rows={rows} spellCheck={false} value={value} onChange={(event) => onChange(event.target.value)} />}
      </Field>
      {read.sentence && (
        <p className="note" role="status">
          <span className="grow">{read.sentence}</span>
          <strong><Plural value={read.memberCount ?? 0} one="# member now" other="# members now" /></strong>
        </p>
      )}
    </div>
  );
}

const PickedSegments = graphql(`
  query PickedSegments($search: String, $kinds: [MemberKind!]) {
    segments(first: 50, search: $search, filter: { statuses: [ACTIVE, DRAFT], kinds: $kinds }, orderBy: { field: NAME, direction: ASC }) {
      nodes {
        id
        name
        kind
        status
        memberCount
      }
    }
  }
`);

export type Picked = Pick<PickedSegmentsQuery['segments']['nodes'][number], 'id' | 'name'>;

/** Segments to choose from, found by their names; those chosen stay in sight. */
export function SegmentPicker({ legend, kind, chosen, onChange, wrong, most = 200 }: {
  legend: string; kind?: MemberKind | null; chosen: readonly Picked[]; onChange: (segments: readonly Picked[]) => void; wrong?: string | undefined; most?: number;
}): ReactNode {
  const { t } = useLingui();
  const [text, setText] = useState('');
  const search = useSettled(text.trim());
  const [{ data, fetching }] = useQuery({ query: PickedSegments, variables: { search: search || null, kinds: kind ? [kind] : null } });
  const found = data?.segments.nodes ?? [];
  const without = (id: string): readonly Picked[] => chosen.filter((one) => one.id !== id);
  return (
    <fieldset className="picker">
      <legend className="label">{legend}</legend>
      {chosen.length > 0 && (
        <div className="chips">
          {chosen.map((one) => (
            <span key={one.id} className="chip">{one.name}<button type="button" aria-label={t`Remove ${one.name} from ${legend}`} onClick={() => onChange(without(one.id))}>×</button></span>
          ))}
        </div>
      )}
      <input type="search" aria-label={t`Search segments for ${legend}`} placeholder={t`Search segments`} value={text} onChange={(event) => setText(event.target.value)} />
      <div className="options" role="group" aria-label={t`Segments for ${legend}`} tabIndex={-1}>
        {found.map((one) => (
          <label key={one.id} className="check">
            <input
              type="checkbox" checked={chosen.some((other) => other.id === one.id)} disabled={chosen.length >= most && !chosen.some((other) => other.id === one.id)}
              onChange={(event) => onChange(event.target.checked ? [...chosen, { id: one.id, name: one.name }] : without(one.id))}
            />
            <span className="grow">{one.name}</span>
            {one.status === 'DRAFT' && <Status of={one.status} />}
            <span className="muted small">{kind ? count(one.memberCount) : `${count(one.memberCount)} ${word(one.kind)}`}</span>
          </label>
        ))}
        {!fetching && found.length === 0 && <p className="muted small"><Trans>No segment matches</Trans></p>}
      </div>
      {wrong && <span className="wrong">{wrong}</span>}
    </fieldset>
  );
}

/** A secret that is shown once, with a button that copies it. */
export function Secret({ title, secret, children, onClose }: { title: ReactNode; secret: string; children?: ReactNode; onClose: () => void }): ReactNode {
  const { t } = useLingui();
  const [copied, setCopied] = useState(false);
  return (
    <Ask keeps title={title} onClose={onClose}>
      <p><Trans>Keep it now: it is shown this once, and the server does not have it any more.</Trans></p>
      <div className="secret">
        <input readOnly aria-label={t`The secret`} value={secret} onFocus={(event) => event.target.select()} />
        <button type="button" className="button primary" onClick={() => void navigator.clipboard.writeText(secret).then(() => setCopied(true), () => undefined)}>
          {copied ? <Trans>Copied</Trans> : <Trans>Copy</Trans>}
        </button>
      </div>
      {children}
      <div className="ends"><button type="button" className="button" onClick={onClose}><Trans>I have kept it</Trans></button></div>
    </Ask>
  );
}

/** Names and values, two by two. */
export function Facts({ of }: { of: readonly (readonly [ReactNode, ReactNode])[] }): ReactNode {
  return <dl className="facts">{of.map(([name, value], index) => <div key={index}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

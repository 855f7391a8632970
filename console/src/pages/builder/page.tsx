// A segment is written in the text form of criteria. While its writer types, the server says who matches, how many of
// them can be contacted, and what is wrong. Nothing is saved before Save.
import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState, type ReactNode } from 'react';
import { useClient, useQuery } from 'urql';
import { useLocation } from 'wouter';

import { problemsOf } from '../../api/segments';
import { graphql } from '../../gql';
import type { BuiltSegmentQuery, MemberKind, SegmentPurpose } from '../../gql/graphql';
import { count } from '../../format';
import { Card, Choice, Empty, Failed, Field, Figure, Form, Loading, PageHead, Problems, useSettled, wrongIn, type Problem } from '../../ui/parts';
import { say } from '../../ui/toasts';
import { word } from '../../words';
import { Waterfall } from '../segment/page';

const BuiltDocument = graphql(`
  query BuiltSegment($id: ID!) {
    segment(id: $id) {
      id
      name
      description
      kind
      type
      purpose
      status
      version
      criteriaText
      transitions
    }
  }
`);

const PreviewDocument = graphql(`
  query Preview($input: PreviewSegmentInput!) {
    previewSegment(input: $input) {
      memberCount
      sentence
      reach {
        total
        email
        directMail
        waterfallEmail: waterfall(channel: EMAIL) {
          reason
          remaining
          dropped
        }
        waterfallMail: waterfall(channel: DIRECT_MAIL) {
          reason
          remaining
          dropped
        }
      }
      sample(first: 8) {
        id
        name
        externalId
        country
      }
      errors {
        code
        message
        path
      }
      warnings {
        code
        message
        suggestion
      }
    }
  }
`);

const FieldsDocument = graphql(`
  query Fields($kind: MemberKind!) {
    criteriaFields(kind: $kind) {
      name
      label
      type
      memberCount
    }
  }
`);

const CreateDocument = graphql(`
  mutation CreateSegment($input: CreateSegmentInput!) {
    createSegment(input: $input) {
      segment {
        ...LiveSegment
      }
      errors {
        code
        message
        path
      }
    }
  }
`);

const UpdateDocument = graphql(`
  mutation UpdateSegment($input: UpdateSegmentInput!) {
    updateSegment(input: $input) {
      segment {
        ...LiveSegment
        criteriaText
        description
      }
      errors {
        code
        message
        path
      }
    }
  }
`);

type Built = NonNullable<BuiltSegmentQuery['segment']>;
const KINDS: readonly MemberKind[] = ['ACCOUNT', 'PERSON', 'ORGANIZATION', 'PRODUCT', 'DEAL', 'ACTIVITY', 'TICKET'];

export default function BuilderPage({ id }: { id?: string }): ReactNode {
  const [{ data, error, fetching }] = useQuery({ query: BuiltDocument, variables: { id: id ?? '' }, pause: !id, requestPolicy: 'network-only' });
  if (!id) return <Builder saved={null} now={null} />;
  if (error && !data) return <Failed error={error} />;
  if (!data?.segment) return fetching ? <Loading /> : <Empty title={<Trans>There is no such segment</Trans>} />;
  return <FromFirst now={data.segment} />;
}

/** The builder starts with the segment as it was when the page opened; what others save meanwhile is `now`. */
function FromFirst({ now }: { now: Built }): ReactNode {
  const [saved] = useState(now);
  return <Builder saved={saved} now={now} />;
}

function Builder({ saved, now }: { saved: Built | null; now: Built | null }): ReactNode {
  const { t } = useLingui();
  const client = useClient();
  const [, go] = useLocation();
  const [name, setName] = useState(saved?.name ?? '');
  const [description, setDescription] = useState(saved?.description ?? '');
  const [kind, setKind] = useState<MemberKind>(saved?.kind ?? 'ACCOUNT');
  const [purpose, setPurpose] = useState<SegmentPurpose | ''>(saved?.purpose ?? '');
  const [text, setText] = useState(saved?.criteriaText ?? '');
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const [busy, setBusy] = useState(false);
  const isStatic = saved?.type === 'STATIC';
  const isDraft = !saved || saved.status === 'DRAFT';
  const asked = useSettled(text.trim(), 200);
  const [{ data, error, fetching }] = useQuery({ query: PreviewDocument, variables: { input: { kind, purpose: purpose || null, criteriaText: asked } }, pause: !asked || isStatic, requestPolicy: 'network-only' });
  const preview = asked ? data?.previewSegment : undefined;
  useEffect(() => { document.title = `${saved?.name ?? t`New segment`} – seggraph`; }, [saved?.name, t]);

  async function save(activate: boolean): Promise<void> {
    setBusy(true);
    const shared = { name, description: description || null, purpose: purpose || null };
    const criteriaText = isStatic ? undefined : text.trim() || null;
    const criteria = criteriaText === undefined ? {} : { criteriaText };
    let found: readonly Problem[];
    let id: string | undefined;
    if (saved) {
      const result = await client.mutation(UpdateDocument, { input: { id: saved.id, version: saved.version, activate, ...shared, ...criteria } }).toPromise();
      found = problemsOf(result, (d) => d.updateSegment);
      id = result.data?.updateSegment.segment?.id;
    } else {
      const result = await client.mutation(CreateDocument, { input: { kind, type: 'DYNAMIC', activate, ...shared, ...criteria } }).toPromise();
      found = problemsOf(result, (d) => d.createSegment);
      id = result.data?.createSegment.segment?.id;
    }
    setBusy(false);
    setProblems(found);
    if (id && !found.length) {
      say(activate ? t`Saved. The segment is being computed.` : t`Saved.`);
      go(`/segments/${id}`);
    }
  }

  const changedByOther = saved && now && now.version !== saved.version;
  const known = ['name', 'description'];
  return (
    <>
      <PageHead title={saved ? <Trans>Edit {saved.name}</Trans> : <Trans>New segment</Trans>}>
        {isDraft && <button type="button" className="button" disabled={busy} onClick={() => void save(false)}><Trans>Save as draft</Trans></button>}
        <button type="button" className="button primary" disabled={busy} onClick={() => void save(true)}>{isDraft ? <Trans>Save and activate</Trans> : <Trans>Save</Trans>}</button>
      </PageHead>
      {changedByOther && <div className="note warn" role="alert"><div><Trans>Somebody changed this segment meanwhile. Saving will be refused, so that nothing of theirs is lost: copy your text and load the page again.</Trans></div></div>}
      <Problems of={problems.filter((one) => !one.path?.some((part) => known.includes(part)))} />
      <div className="two">
        <Card>
          <Form onSubmit={() => void save(!isDraft)}>
            <Field label={<Trans>Name</Trans>} wrong={wrongIn(problems, 'name')}>{(ids) => <input {...ids} value={name} onChange={(event) => setName(event.target.value)} />}</Field>
            <Field label={<Trans>Description</Trans>} wrong={wrongIn(problems, 'description')}>{(ids) => <input {...ids} value={description} onChange={(event) => setDescription(event.target.value)} />}</Field>
            {!saved && <Field label={<Trans>Members are</Trans>}>{(ids) => <Choice ids={ids} value={kind} options={KINDS.map((one) => [one, word(one)] as const)} onChange={setKind} />}</Field>}
            <Field label={<Trans>Purpose</Trans>}>{(ids) => <Choice<SegmentPurpose | ''> ids={ids} value={purpose} options={[['', word('NONE')], ['ACQUISITION', word('ACQUISITION')], ['RETENTION', word('RETENTION')]]} onChange={setPurpose} />}</Field>
            {!isStatic && (
              <Field label={<Trans>Criteria</Trans>} wrong={preview?.errors[0]?.message} hint={<Trans>For example: country IN ('DE', 'AT') AND employees &gt;= 50</Trans>}>
                {(ids) => <textarea {...ids} rows={8} spellCheck={false} maxLength={20_000} value={text} onChange={(event) => setText(event.target.value)} style={{ fontFamily: 'ui-monospace, monospace' }} />}
              </Field>
            )}
          </Form>
          {!isStatic && <FieldNames kind={kind} onPick={(field) => setText((old) => (old.trim() ? `${old.trimEnd()} AND ${field} ` : `${field} `))} />}
        </Card>
        <div className="sticky">
          <Card title={<Trans>Who matches now</Trans>}>
            <div className="stack" aria-live="polite" aria-busy={fetching}>
              {error && <Failed error={error} />}
              {!asked && <p className="muted"><Trans>Write criteria, and see here who matches.</Trans></p>}
              {preview?.sentence && <p className="sentence">{preview.sentence}</p>}
              {preview?.warnings.map((one, index) => <p key={index} className="note warn">{one.message} {one.suggestion}</p>)}
              {preview && !preview.errors.length && (
                <>
                  <div className="figures">
                    <Figure label={<Trans>Members</Trans>}>{count(preview.memberCount)}</Figure>
                    <Figure label={<Trans>Reach</Trans>}>{count(preview.reach?.total)}</Figure>
                  </div>
                  <Waterfall name={t`Email`} steps={preview.reach?.waterfallEmail ?? []} />
                  <Waterfall name={t`Direct mail`} steps={preview.reach?.waterfallMail ?? []} />
                  <h3><Trans>Some of them</Trans></h3>
                  <ul style={{ margin: 0, paddingLeft: '1.2rem' }}>{preview.sample.map((member) => <li key={member.id}>{member.name ?? member.externalId} <span className="muted">{member.country}</span></li>)}</ul>
                </>
              )}
            </div>
          </Card>
        </div>
      </div>
    </>
  );
}

function FieldNames({ kind, onPick }: { kind: MemberKind; onPick: (name: string) => void }): ReactNode {
  const [{ data }] = useQuery({ query: FieldsDocument, variables: { kind }, requestPolicy: 'cache-first' });
  const fields = (data?.criteriaFields ?? []).filter((field) => field.memberCount !== 0);
  return (
    <details style={{ marginTop: '1rem' }}>
      <summary><Trans>Fields</Trans></summary>
      <div className="chips" style={{ marginTop: '0.5rem' }}>
        {fields.map((field) => <button key={field.name} type="button" className="button small" title={`${field.label}: ${word(field.type)}`} onClick={() => onPick(field.name)}>{field.name}{field.memberCount != null && <span className="muted">{count(field.memberCount)}</span>}</button>)}
      </div>
    </details>
  );
}

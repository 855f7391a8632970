// A new import, and the earlier ones.
import './imports.css';

import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useClient, useQuery } from 'urql';
import { Link, useLocation } from 'wouter';

import { usePages } from '../../api/pages';
import { problemsOf } from '../../api/segments';
import { may, mayWrite, useViewer } from '../../api/viewer';
import { ago, count, moment } from '../../format';
import { graphql } from '../../gql';
import type { ImportContent, MemberKind } from '../../gql/graphql';
import { ChoiceField, KINDS, SegmentPicker, TextField, useTitle, type Picked } from '../../ui/editing';
import { Icon } from '../../ui/icon';
import { Card, Confirm, Empty, Failed, Loading, PageHead, Problems, Progress, Status, type Problem } from '../../ui/parts';
import { say } from '../../ui/toasts';
import { useAddress } from '../../url';
import { word } from '../../words';
import { useAct } from '../../api/acts';
import { Drop, WhatWorks } from './drop';

const ImportsDocument = graphql(`
  query Imports($first: Int!, $after: String) {
    imports(first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        status
        content
        kind
        fileName
        dryRun
        progress
        createdAt
        read
        failed
        partial
        duplicate
        ignored
        segment {
          id
          name
        }
      }
    }
  }
`);

const TemplatesDocument = graphql(`
  query ImportTemplates {
    importTemplates(first: 100) {
      nodes {
        id
        kind
        fileName
        uses
        usedAt
        columns
        mapping {
          column
          field
        }
      }
    }
  }
`);

const DeleteTemplate = graphql(`
  mutation DeleteImportTemplate($input: ImportTemplateIdInput!) {
    deleteImportTemplate(input: $input) {
      deletedId
      errors {
        ...Wrong
      }
    }
  }
`);

const TargetDocument = graphql(`
  query ImportTarget($id: ID!) {
    segment(id: $id) {
      id
      name
      kind
      type
    }
  }
`);

const CreateImport = graphql(`
  mutation CreateImport($input: CreateImportInput!) {
    createImport(input: $input) {
      import {
        id
      }
      errors {
        ...Wrong
      }
    }
  }
`);

const CONTENTS: readonly ImportContent[] = ['MEMBERS', 'EVENTS', 'ORDERS', 'RELATIONS', 'SUPPRESSIONS'];

export default function ImportsPage(): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  useTitle(t`Imports`);
  return (
    <>
      <PageHead title={<Trans>Imports</Trans>} below={<Trans>Nothing is stored before you have seen what the file says, and every row is accounted for.</Trans>} />
      {mayWrite(viewer) && <NewImport />}
      <Earlier />
      <Templates />
    </>
  );
}

function NewImport(): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const client = useClient();
  const [, go] = useLocation();
  const [one, , change] = useAddress();
  const content = (CONTENTS.includes(one('content') as ImportContent) ? one('content') : 'MEMBERS') as ImportContent;
  const segmentId = one('segment');
  const [{ data: target }] = useQuery({ query: TargetDocument, variables: { id: segmentId }, pause: !segmentId });
  const segment = segmentId ? target?.segment : null;
  const kind = segment?.kind ?? ((KINDS.includes(one('kind') as MemberKind) ? one('kind') : 'PERSON') as MemberKind);
  const [how, setHow] = useState<'add' | 'replace' | 'remove'>('add');
  const [header, setHeader] = useState<'' | 'yes' | 'no'>('');
  const [encoding, setEncoding] = useState('');
  const [busy, setBusy] = useState(false);
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const [name, setName] = useState('');
  const chosen: readonly Picked[] = segment ? [segment] : [];
  const texts: Record<ImportContent, string> = {
    MEMBERS: t`People, accounts and others, also into a segment`, EVENTS: t`What members did, with times`, ORDERS: t`Purchases, with their lines`,
    RELATIONS: t`Who belongs to whom`, SUPPRESSIONS: t`Addresses that must not be used`,
  };
  const able = CONTENTS.filter((name_) => name_ !== 'SUPPRESSIONS' || may(viewer, 'SUPPRESS_ADDRESSES'));

  async function upload(file: File): Promise<void> {
    setBusy(true);
    setProblems([]);
    setName(file.name);
    const isForSegment = content === 'MEMBERS' && segment;
    const result = await client.mutation(CreateImport, {
      input: {
        file, content, kind: content === 'SUPPRESSIONS' ? 'PERSON' : kind,
        ...(isForSegment && { segmentId: segment.id, replace: how === 'replace' }), ...((isForSegment || content === 'RELATIONS') && { remove: how === 'remove' }),
        ...(header && { hasHeader: header === 'yes' }), ...(encoding.trim() && { encoding: encoding.trim() }),
      },
    }).toPromise();
    setBusy(false);
    const found = problemsOf(result, (data) => data.createImport);
    setProblems(found);
    const id = result.data?.createImport.import?.id;
    if (id && !found.length) go(`/imports/${id}`);
  }

  return (
    <Card title={<Trans>New import</Trans>}>
      <div className="stack">
        <fieldset className="contents">
          <legend className="label"><Trans>What are the rows of the file?</Trans></legend>
          {able.map((key) => (
            <label key={key}>
              <input type="radio" name="content" checked={content === key} onChange={() => change({ content: key, ...(key !== 'MEMBERS' && { segment: '' }) })} />
              <strong>{word(key)}</strong><span className="muted small">{texts[key]}</span>
            </label>
          ))}
          <label>
            <input type="radio" name="content" checked={false} onChange={() => go('/imports/report')} />
            <strong><Trans>Report of ads</Trans></strong><span className="muted small"><Trans>Spend and clicks of campaigns</Trans></span>
          </label>
        </fieldset>
        {content !== 'SUPPRESSIONS' && (
          <div className="pair form-page">
            <ChoiceField label={content === 'MEMBERS' ? t`The members are` : t`They belong to`} value={kind} options={KINDS.map((key) => [key, word(key)] as const)} onChange={(next) => change({ kind: next, segment: '' })} hint={segment ? t`As in the segment` : undefined} />
            {content === 'RELATIONS' && <ChoiceField label={t`The relations`} value={how === 'remove' ? 'remove' : 'add'} options={[['add', t`begin`], ['remove', t`end`]]} onChange={setHow} />}
            {content === 'MEMBERS' && segment && <ChoiceField label={t`In ${segment.name}`} value={how} options={[['add', t`add the members of the file`], ['replace', t`replace those of earlier files`], ['remove', t`remove the members of the file`]]} onChange={setHow} />}
          </div>
        )}
        {content === 'MEMBERS' && (
          <details open={Boolean(segmentId)}>
            <summary><Trans>Into a segment</Trans>{segment && <>: <strong>{segment.name}</strong></>}</summary>
            <div style={{ marginTop: '0.6rem', maxWidth: '34rem' }}>
              {segment?.type === 'DYNAMIC' && <p className="note warn"><Trans>This segment has criteria. A file fills only static segments: choose another one, or import the members without a segment.</Trans></p>}
              <SegmentPicker legend={t`Static segment`} kind={kind} chosen={chosen} most={1} onChange={(next) => change({ segment: next.at(-1)?.id ?? '' })} />
            </div>
          </details>
        )}
        <details>
          <summary><Trans>How the file is written, if it is not detected</Trans></summary>
          <div className="pair" style={{ marginTop: '0.6rem' }}>
            <ChoiceField label={t`The first row`} value={header} options={[['', t`It is detected`], ['yes', t`has the names of the columns`], ['no', t`is data`]]} onChange={setHeader} />
            <TextField label={t`Encoding`} hint={t`Such as windows-1250; empty: it is detected`} value={encoding} onChange={setEncoding} problems={problems} name="encoding" />
          </div>
        </details>
        {problems.length > 0 && <div className="stack tight">{name && <p>{t`${name} was not taken:`}</p>}<Problems of={problems} /><WhatWorks /></div>}
        <Drop busy={busy} onFile={(file) => void upload(file)} hint={<Trans>You see its columns next. Nothing is stored yet.</Trans>} />
      </div>
    </Card>
  );
}

function Earlier(): ReactNode {
  const { t } = useLingui();
  const pages = usePages(ImportsDocument, { first: 20 }, (data) => data.imports, { refreshedBy: ['IMPORT_FINISHED'] });
  return (
    <Card title={<Trans>Earlier imports</Trans>} bare side={pages.totalCount != null && <span className="muted small"><Plural value={pages.totalCount} one="# import" other="# imports" /></span>}>
      {pages.error && <Failed error={pages.error} again={pages.again} />}
      {pages.rows.length > 0 ? (
        <div className="scroll" tabIndex={0} role="group" aria-label={t`Earlier imports`}>
          <table>
            <thead><tr><th><Trans>File</Trans></th><th><Trans>Content</Trans></th><th><Trans>Status</Trans></th><th className="number"><Trans>Rows</Trans></th><th className="number"><Trans>Not stored</Trans></th><th><Trans>Into</Trans></th><th className="number"><Trans>When</Trans></th></tr></thead>
            <tbody>
              {pages.rows.map((row) => (
                <tr key={row.id}>
                  <td className="named"><Link href={`/imports/${row.id}`}>{row.fileName}</Link></td>
                  <td className="short">{word(row.content)}{row.content !== 'SUPPRESSIONS' && <span className="muted"> · {word(row.kind)}</span>}</td>
                  <td><Status of={row.status} />{row.status === 'RUNNING' && <Progress value={row.progress} label={t`Reading ${row.fileName}`} />}{row.dryRun && <> <span className="badge"><Trans>trial</Trans></span></>}</td>
                  <td className="number">{count(row.read)}</td>
                  <td className="number">{count(row.failed + row.duplicate + row.ignored)}</td>
                  <td>{row.segment ? <Link href={`/segments/${row.segment.id}`}>{row.segment.name}</Link> : '–'}</td>
                  <td className="number" title={moment(row.createdAt)}>{ago(row.createdAt)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {pages.hasMore && <div className="body" style={{ padding: '0.75rem' }}><button type="button" className="button small" onClick={pages.more}><Trans>Show more</Trans></button></div>}
        </div>
      ) : pages.isFetching ? <div className="body"><Loading /></div> : !pages.error && <Empty title={<Trans>Nothing was imported yet</Trans>}><p><Trans>Drop a file above. A trial shows what would happen to each row.</Trans></p></Empty>}
    </Card>
  );
}

function Templates(): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const { act, problems } = useAct();
  const [{ data, error }, again] = useQuery({ query: TemplatesDocument });
  const [forgotten, setForgotten] = useState<{ id: string; fileName: string } | null>(null);
  const rows = data?.importTemplates.nodes ?? [];
  if (error && !data) return <Failed error={error} again={() => again({ requestPolicy: 'network-only' })} />;
  if (!rows.length) return null;
  return (
    <Card title={<Trans>Mappings that are kept</Trans>} side={<span className="muted small"><Trans>A file with the same columns gets them again</Trans></span>} bare>
      <ul className="plain-list">
        {rows.map((row) => (
          <li key={row.id}>
            <details className="grow">
              <summary>{row.fileName} <span className="muted">· {word(row.kind)} · <Plural value={row.columns.length} one="# column" other="# columns" /> · <Plural value={row.uses} one="used once" other="used # times" /></span></summary>
              <ul>{row.mapping.map((pair) => <li key={pair.column + pair.field}>{pair.column} → <code>{pair.field}</code></li>)}</ul>
            </details>
            <span className="muted small">{ago(row.usedAt)}</span>
            {mayWrite(viewer) && <button type="button" className="button small plain icon" aria-label={t`Forget the mapping of ${row.fileName}`} onClick={() => setForgotten(row)}><Icon name="trash" /></button>}
          </li>
        ))}
      </ul>
      {forgotten && (
        <Confirm
          title={t`Forget the mapping of ${forgotten.fileName}`} action={<Trans>Forget it</Trans>} danger problems={problems} onClose={() => setForgotten(null)}
          onConfirm={async () => {
            if (!(await act(DeleteTemplate, { input: { id: forgotten.id } }))) return false;
            say(t`Forgotten`);
            again({ requestPolicy: 'network-only' });
            return true;
          }}
        >
          <p><Trans>The next file with these columns is mapped by their names and contents again. What was imported stays.</Trans></p>
        </Confirm>
      )}
    </Card>
  );
}

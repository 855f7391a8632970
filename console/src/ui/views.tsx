// The views of a list that the reader keeps, and those that others share.
import { Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link, useLocation, useSearch } from 'wouter';

import { useAct } from '../api/acts';
import { CreateSavedViewDocument, DeleteSavedViewDocument, SavedViewsDocument, UpdateSavedViewDocument } from '../api/views';
import { mayWrite, useViewer } from '../api/viewer';
import type { SavedViewList } from '../gql/graphql';
import { AskForm, besides, TextField } from './editing';
import { Below, Failed, Problems } from './parts';
import { say } from './toasts';

export function SavedViews({ list }: { list: SavedViewList }): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [place] = useLocation();
  const state = useSearch();
  const [{ data, error }, ask] = useQuery({ query: SavedViewsDocument, variables: { lists: [list] } });
  const { act, busy, problems, setProblems } = useAct();
  const [name, setName] = useState<string | null>(null);
  const [isShared, setShared] = useState(false);
  const again = (): void => ask({ requestPolicy: 'network-only' });
  const keeps = mayWrite(viewer);
  const save = async (): Promise<void> => {
    if (!(await act(CreateSavedViewDocument, { input: { list, name: name ?? '', state, isShared } }))) return;
    say(t`The view was saved`);
    setName(null);
    again();
  };
  return (
    <>
      <Below text={t`Views`} label={t`Views`}>{(close) => (<>
        {error && <Failed error={error} again={again} />}
        {data?.savedViews.nodes.length === 0 && <p className="muted small"><Trans>Nothing is saved yet. A view keeps the search, filters, order and columns of this list.</Trans></p>}
        <ul className="plain-list">
          {data?.savedViews.nodes.map((view) => (
            <li key={view.id}>
              <span className="grow">
                <Link href={`${place}?${view.state}`} aria-current={view.state === state ? 'page' : undefined} onClick={close}>{view.name}</Link>{' '}
                {view.isShared && <span className="badge">{view.isMine ? t`Shared` : t`Of ${view.createdBy?.name ?? t`somebody`}`}</span>}
              </span>
              {keeps && view.isMine && view.state !== state && (
                <button type="button" className="button small plain" disabled={busy} aria-label={t`Make ${view.name} show what this list shows now`} onClick={async () => { if (await act(UpdateSavedViewDocument, { input: { id: view.id, state } })) again(); }}><Trans>Set to this</Trans></button>
              )}
              {keeps && view.isMine && (
                <button type="button" className="button small plain" disabled={busy} aria-label={t`Delete the view ${view.name}`} onClick={async () => { if (await act(DeleteSavedViewDocument, { input: { id: view.id } })) again(); }}><Trans>Delete</Trans></button>
              )}
            </li>
          ))}
        </ul>
        {name === null && <Problems of={problems} />}
        {keeps && <button type="button" className="button small" onClick={() => { close(); setProblems([]); setShared(false); setName(''); }}><Trans>Save this view</Trans></button>}
      </>)}</Below>
      {name !== null && (
        <AskForm title={<Trans>Save this view</Trans>} action={<Trans>Save</Trans>} busy={busy} problems={besides(problems, 'name')} onClose={() => setName(null)} onSubmit={() => void save()}>
          <TextField label={<Trans>Name</Trans>} value={name} onChange={setName} problems={problems} name="name" autoFocus />
          <label className="check"><input type="checkbox" checked={isShared} onChange={(event) => setShared(event.target.checked)} /><Trans>Everybody in the workspace sees it</Trans></label>
        </AskForm>
      )}
    </>
  );
}

// How people keep segments in order: labels, folders and favourites.
import '../segment/segment.css';

import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useClient, useQuery } from 'urql';

import { useAct } from '../../api/acts';
import { useLiveEvents } from '../../api/events';
import { inParts, outcomesOf, type Outcome } from '../../api/segments';
import { may, mayWrite, useViewer } from '../../api/viewer';
import { count } from '../../format';
import { graphql } from '../../gql';
import type { SegmentPlacesFragment } from '../../gql/graphql';
import { AskForm, besides, ChoiceField, TextField } from '../../ui/editing';
import { Icon } from '../../ui/icon';
import { Ask, Confirm, Empty, Field, Loading, Problems, type Problem } from '../../ui/parts';
import { complain, say } from '../../ui/toasts';

export const SegmentPlaces = graphql(`
  fragment SegmentPlaces on Segment {
    id
    name
    isFavourite
    labels {
      id
      name
      color
    }
    folder {
      id
      name
    }
  }
`);

export const PlacesDocument = graphql(`
  query Places {
    labels(first: 500) {
      nodes {
        id
        name
        color
        segmentCount
      }
    }
    folders(first: 500) {
      nodes {
        id
        name
        segmentCount
        parent {
          id
        }
      }
    }
  }
`);

const Favourite = graphql(`
  mutation SetFavourites($input: SetFavouritesInput!) {
    setFavourites(input: $input) {
      results {
        id
        segment {
          ...SegmentPlaces
        }
        errors {
          ...Wrong
        }
      }
      errors {
        ...Wrong
      }
    }
  }
`);

const Labelled = graphql(`
  mutation LabelSegments($input: LabelSegmentsInput!) {
    labelSegments(input: $input) {
      results {
        id
        segment {
          ...LiveSegment
          ...SegmentPlaces
        }
        errors {
          ...Wrong
        }
      }
      errors {
        ...Wrong
      }
    }
  }
`);

const PutIntoFolder = graphql(`
  mutation PutSegmentsIntoFolder($input: PutIntoFolderInput!) {
    putSegmentsIntoFolder(input: $input) {
      results {
        id
        segment {
          ...LiveSegment
          ...SegmentPlaces
        }
        errors {
          ...Wrong
        }
      }
      errors {
        ...Wrong
      }
    }
  }
`);

const CreateLabel = graphql(`
  mutation CreateLabel($input: CreateLabelInput!) {
    createLabel(input: $input) {
      label {
        id
        name
        color
        segmentCount
      }
      errors {
        ...Wrong
      }
    }
  }
`);

const UpdateLabel = graphql(`
  mutation UpdateLabel($input: UpdateLabelInput!) {
    updateLabel(input: $input) {
      label {
        id
        name
        color
      }
      errors {
        ...Wrong
      }
    }
  }
`);

const DeleteLabel = graphql(`
  mutation DeleteLabel($input: LabelIdInput!) {
    deleteLabel(input: $input) {
      deletedId
      errors {
        ...Wrong
      }
    }
  }
`);

const CreateFolder = graphql(`
  mutation CreateFolder($input: CreateFolderInput!) {
    createFolder(input: $input) {
      folder {
        id
        name
        segmentCount
        parent {
          id
        }
      }
      errors {
        ...Wrong
      }
    }
  }
`);

const UpdateFolder = graphql(`
  mutation UpdateFolder($input: UpdateFolderInput!) {
    updateFolder(input: $input) {
      folder {
        id
        name
        parent {
          id
        }
      }
      errors {
        ...Wrong
      }
    }
  }
`);

const DeleteFolder = graphql(`
  mutation DeleteFolder($input: FolderIdInput!) {
    deleteFolder(input: $input) {
      deletedId
      errors {
        ...Wrong
      }
    }
  }
`);

type Label = SegmentPlacesFragment['labels'][number];
export interface FolderRow { id: string; name: string; segmentCount: number; path: string; parentId: string | null }
export interface LabelRow extends Label { segmentCount: number }

/** Labels by name, and folders by their paths. Both follow the server. */
export function usePlaces(): { labels: readonly LabelRow[]; folders: readonly FolderRow[]; isLoading: boolean; again: () => void } {
  const [{ data, fetching }, ask] = useQuery({ query: PlacesDocument });
  const again = (): void => ask({ requestPolicy: 'network-only' });
  useLiveEvents(['LABEL_CHANGED', 'FOLDER_CHANGED'], again);
  const given = data?.folders.nodes ?? [];
  const pathOf = (id: string | undefined): string => {
    const folder = given.find((one) => one.id === id);
    return folder ? [pathOf(folder.parent?.id), folder.name].filter(Boolean).join(' / ') : '';
  };
  const folders = given.map((one) => ({ id: one.id, name: one.name, segmentCount: one.segmentCount, parentId: one.parent?.id ?? null, path: pathOf(one.id) }));
  return { labels: data?.labels.nodes ?? [], folders: folders.toSorted((a, b) => a.path.localeCompare(b.path)), isLoading: fetching && !data, again };
}

export function LabelChip({ label }: { label: Label }): ReactNode {
  return <span className="label-chip"><i style={label.color ? { background: label.color } : undefined} />{label.name}</span>;
}

/** The star of a favourite of the viewer. */
export function Star({ segment, changed }: { segment: SegmentPlacesFragment; changed?: () => void }): ReactNode {
  const { t } = useLingui();
  const client = useClient();
  return (
    <button
      type="button" className="button plain icon star" aria-pressed={segment.isFavourite} aria-label={t`Favourite: ${segment.name}`}
      onClick={() => void client.mutation(Favourite, { input: { ids: [segment.id], favourite: !segment.isFavourite } }).toPromise().then(({ data, error }) => {
        const problem = data?.setFavourites.errors[0] ?? data?.setFavourites.results[0]?.errors[0];
        if (error || problem) complain(problem?.message ?? error?.message ?? '');
        else changed?.();
      })}
    >
      <Icon name="star" />
    </button>
  );
}

interface AskProps { of: readonly SegmentPlacesFragment[]; onClose: () => void; onDone: (outcomes: readonly Outcome[]) => void }

/** Put labels on segments and take them off. */
export function AskLabels({ of, onClose, onDone }: AskProps): ReactNode {
  const { t } = useLingui();
  const client = useClient();
  const { labels, isLoading } = usePlaces();
  const { act, problems } = useAct();
  const [wanted, setWanted] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [name, setName] = useState('');
  const [color, setColor] = useState('#4f46e5');
  const [busy, setBusy] = useState(false);
  const has = (id: string): number => of.filter((segment) => segment.labels.some((label) => label.id === id)).length;
  async function create(): Promise<void> {
    const made = await act(CreateLabel, { input: { name, color } });
    if (!made?.label) return;
    setName('');
    setWanted(new Map(wanted).set(made.label.id, true));
  }
  async function submit(): Promise<void> {
    const addLabelIds = [...wanted].filter(([, on]) => on).map(([id]) => id);
    const removeLabelIds = [...wanted].filter(([, on]) => !on).map(([id]) => id);
    if (!wanted.size) return onClose();
    setBusy(true);
    const outcomes = await inParts(of.map((segment) => segment.id), async (ids) =>
      outcomesOf(ids, await client.mutation(Labelled, { input: { ids: [...ids], addLabelIds, removeLabelIds } }).toPromise(), (data) => data.labelSegments));
    setBusy(false);
    onDone(outcomes);
    onClose();
  }
  return (
    <AskForm title={<Plural value={of.length} one="Labels of # segment" other="Labels of # segments" />} action={<Trans>Save</Trans>} busy={busy} onSubmit={() => void submit()} onClose={onClose}>
      {isLoading && <Loading rows={3} />}
      <div className="stack tight" role="group" aria-label={t`Labels`}>
        {labels.map((label) => {
          const on = wanted.get(label.id) ?? has(label.id) === of.length;
          const some = !wanted.has(label.id) && has(label.id) > 0 && has(label.id) < of.length;
          return (
            <label key={label.id} className="check">
              <input type="checkbox" checked={on} ref={(box) => { if (box) box.indeterminate = some; }} onChange={(event) => setWanted(new Map(wanted).set(label.id, event.target.checked))} />
              <LabelChip label={label} />{some && <span className="muted small"><Trans>{has(label.id)} of {of.length}</Trans></span>}
            </label>
          );
        })}
        {!isLoading && labels.length === 0 && <p className="muted"><Trans>There are no labels yet.</Trans></p>}
      </div>
      <div className="row" style={{ alignItems: 'flex-end', flexWrap: 'nowrap' }}>
        <div className="grow"><TextField label={t`New label`} value={name} onChange={setName} problems={problems} name="name" /></div>
        <input type="color" aria-label={t`Colour of the new label`} style={{ width: '3rem', flex: 'none', padding: 2 }} value={color} onChange={(event) => setColor(event.target.value)} />
        <button type="button" className="button" disabled={!name.trim()} onClick={() => void create()}><Trans>Create</Trans></button>
      </div>
      <Problems of={besides(problems, 'name')} />
    </AskForm>
  );
}

/** Put segments into a folder, or into none. */
export function AskFolder({ of, onClose, onDone }: AskProps): ReactNode {
  const { t } = useLingui();
  const client = useClient();
  const { folders } = usePlaces();
  const { act, problems } = useAct();
  const [folderId, setFolderId] = useState(of.length === 1 ? (of[0]?.folder?.id ?? '') : '');
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  async function submit(): Promise<void> {
    let target = folderId;
    if (name.trim()) {
      const made = await act(CreateFolder, { input: { name, parentId: folderId || null } });
      if (!made?.folder) return;
      target = made.folder.id;
    }
    setBusy(true);
    const outcomes = await inParts(of.map((segment) => segment.id), async (ids) =>
      outcomesOf(ids, await client.mutation(PutIntoFolder, { input: { ids: [...ids], folderId: target || null } }).toPromise(), (data) => data.putSegmentsIntoFolder));
    setBusy(false);
    onDone(outcomes);
    onClose();
  }
  return (
    <AskForm title={<Plural value={of.length} one="Folder of # segment" other="Folder of # segments" />} action={<Trans>Save</Trans>} busy={busy} problems={besides(problems, 'name')} onSubmit={() => void submit()} onClose={onClose}>
      <ChoiceField label={t`Folder`} value={folderId} options={[['', t`No folder`], ...folders.map((folder) => [folder.id, folder.path] as const)]} onChange={setFolderId} />
      <TextField label={t`New folder in it`} hint={t`Leave it empty to use the folder above`} value={name} onChange={setName} problems={problems} name="name" />
    </AskForm>
  );
}

/** All labels and folders, to rename and delete. */
export function ManagePlaces({ onClose }: { onClose: () => void }): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const { labels, folders, isLoading, again } = usePlaces();
  const [edited, setEdited] = useState<{ label?: LabelRow; folder?: FolderRow } | null>(null);
  const [deleted, setDeleted] = useState<{ label?: LabelRow; folder?: FolderRow } | null>(null);
  const mayManage = may(viewer, 'MANAGE_LABELS');
  const tools = (name: string, of: { label?: LabelRow; folder?: FolderRow }): ReactNode => mayManage && (
    <>
      <button type="button" className="button small" aria-label={t`Rename ${name}`} onClick={() => setEdited(of)}><Trans>Rename</Trans></button>
      <button type="button" className="button small plain icon" aria-label={t`Delete ${name}`} onClick={() => setDeleted(of)}><Icon name="trash" /></button>
    </>
  );
  return (
    <>
      <Ask title={<Trans>Labels and folders</Trans>} onClose={onClose}>
        {isLoading && <Loading />}
        {!isLoading && !labels.length && !folders.length && <Empty title={<Trans>There are none yet</Trans>}><p><Trans>Select segments in the list, and give them a label or put them into a folder.</Trans></p></Empty>}
        {labels.length > 0 && <section><h3><Trans>Labels</Trans></h3><ul className="plain-list">{labels.map((label) => <li key={label.id}><span className="grow"><LabelChip label={label} /></span><span className="muted small"><Plural value={label.segmentCount} one="# segment" other="# segments" /></span>{tools(label.name, { label })}</li>)}</ul></section>}
        {folders.length > 0 && <section><h3><Trans>Folders</Trans></h3><ul className="plain-list">{folders.map((folder) => <li key={folder.id}><span className="grow">{folder.path}</span><span className="muted small"><Plural value={folder.segmentCount} one="# segment" other="# segments" /></span>{tools(folder.path, { folder })}</li>)}</ul></section>}
        {!mayManage && mayWrite(viewer) && <p className="muted small"><Trans>Leaders and administrators rename and delete them.</Trans></p>}
      </Ask>
      {edited && <Rename {...edited} folders={folders} onClose={() => setEdited(null)} onDone={again} />}
      {deleted && <DeletePlace {...deleted} onClose={() => setDeleted(null)} onDone={again} />}
    </>
  );
}

function Rename({ label, folder, folders, onClose, onDone }: { label?: LabelRow; folder?: FolderRow; folders: readonly FolderRow[]; onClose: () => void; onDone: () => void }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems } = useAct();
  const [name, setName] = useState(label?.name ?? folder?.name ?? '');
  const [color, setColor] = useState(label?.color ?? '#4f46e5');
  const [parentId, setParentId] = useState(folder?.parentId ?? '');
  async function submit(): Promise<void> {
    const done = label ? await act(UpdateLabel, { input: { id: label.id, name, color } }) : folder ? await act(UpdateFolder, { input: { id: folder.id, name, parentId: parentId || null } }) : null;
    if (!done) return;
    onDone();
    onClose();
  }
  return (
    <AskForm title={label ? <Trans>Change the label</Trans> : <Trans>Change the folder</Trans>} action={<Trans>Save</Trans>} busy={busy} problems={besides(problems, 'name')} onSubmit={() => void submit()} onClose={onClose}>
      <TextField label={t`Name`} value={name} onChange={setName} problems={problems} name="name" autoFocus />
      {label && <Field label={t`Colour`}>{(ids) => <input {...ids} type="color" value={color} onChange={(event) => setColor(event.target.value)} />}</Field>}
      {folder && <ChoiceField label={t`Inside of`} value={parentId} options={[['', t`No folder`], ...folders.filter((one) => one.id !== folder.id && !one.path.startsWith(`${folder.path} / `)).map((one) => [one.id, one.path] as const)]} onChange={setParentId} />}
    </AskForm>
  );
}

function DeletePlace({ label, folder, onClose, onDone }: { label?: LabelRow; folder?: FolderRow; onClose: () => void; onDone: () => void }): ReactNode {
  const { t } = useLingui();
  const { act, problems } = useAct();
  return (
    <Confirm
      title={t`Delete ${label?.name ?? folder?.path ?? ''}`} action={<Trans>Delete</Trans>} danger problems={problems as readonly Problem[]} onClose={onClose}
      onConfirm={async () => {
        const done = label ? await act(DeleteLabel, { input: { id: label.id } }) : folder ? await act(DeleteFolder, { input: { id: folder.id } }) : null;
        if (!done) return false;
        say(t`Deleted`);
        onDone();
        return true;
      }}
    >
      <p>{label ? <Trans>It is taken off {count(label.segmentCount)} segments. The segments stay.</Trans> : <Trans>Its segments ({count(folder?.segmentCount)}) and folders go to the folder around it, or to the top.</Trans>}</p>
    </Confirm>
  );
}

// The tree of conditions. Arrow keys move between rows, Enter opens one, Alt with an arrow key moves it, Delete takes
// it out, and everything can be dragged, with a pointer or with the keyboard.
import { Trans, useLingui } from '@lingui/react/macro';
import { createContext, useContext, useMemo, useState, type KeyboardEvent, type ReactNode } from 'react';
import {
  Button, Collection, DropIndicator, Menu, MenuItem, MenuTrigger, Popover, Tree, TreeItem, TreeItemContent, useDragAndDrop, type Key,
} from 'react-aria-components';
import { useQuery } from 'urql';

import { SegmentNameDocument, type Mistake } from '../../api/builder';
import { count, percent } from '../../format';
import type { MemberKind } from '../../gql/graphql';
import { Actions, type Action } from '../../ui/parts';
import { Icon } from '../../ui/icon';
import { useFields, useRelations } from './answers';
import { LeafForm, RelatedForm, wordsOf } from './editors';
import {
  change, copied, find, fresh, insert, isBranch, isFinished, move, parentOf, remove, step, unwrapped, withChildren, wrapped,
  type Group, type Node, type Related,
} from './tree';

export interface TreeState {
  root: Group;
  kind: MemberKind;
  /** How many members the kind has. */
  base: number | null;
  counts: ReadonlyMap<string, number>;
  mistakes: ReadonlyMap<string, readonly Mistake[]>;
  opened: string | null;
  open: (id: string | null) => void;
  /** Change the tree. Changes with the same name one after the other are undone together. */
  edit: (root: Group, name?: string) => void;
}

const Shared = createContext<TreeState | null>(null);

function useTree(): TreeState {
  const state = useContext(Shared);
  if (!state) throw new Error('There is no tree.');
  return state;
}

function branchesOf(node: Node): string[] {
  return isBranch(node) ? [node.id, ...node.children.flatMap(branchesOf)] : [];
}

export function Conditions(state: TreeState): ReactNode {
  const { t } = useLingui();
  const { root, edit, open, opened } = state;
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const branches = useMemo(() => branchesOf(root), [root]);
  const expanded = branches.filter((id) => !closed.has(id));
  const { dragAndDropHooks } = useDragAndDrop<Node>({
    getItems: (_, nodes) => nodes.map((node) => ({ 'text/plain': node.id })),
    renderDropIndicator: (target) => <DropIndicator target={target} />,
    shouldAcceptItemDrop: ({ key }) => { const node = find(root, String(key)); return node !== null && isBranch(node); },
    onMove: ({ keys, target }) => {
      const ids = [...keys].map(String);
      edit(ids.reduce((now, id) => move(now, id, target.dropPosition === 'on' ? { into: String(target.key) } : { beside: String(target.key), behind: target.dropPosition === 'after' }), root));
    },
  });

  function onKeyDown(event: KeyboardEvent<HTMLElement>): void {
    const row = event.target as HTMLElement;
    if (row.getAttribute('role') !== 'row') return;
    const id = row.dataset['key'];
    if (!id) return;
    const moved = event.altKey && event.key === 'ArrowUp' ? step(root, id, -1) : event.altKey && event.key === 'ArrowDown' ? step(root, id, 1) : event.key === 'Delete' ? remove(root, id) : null;
    if (!moved) return;
    event.preventDefault();
    event.stopPropagation();
    edit(moved);
  }

  return (
    <Shared value={state}>
      <div className="builder-tree" onKeyDownCapture={onKeyDown}>
        <div className="row apart">
          <JoinChoice of={root} isRoot />
          <AddMenu to={root} kind={state.kind} />
        </div>
        <Tree<Node>
          aria-label={t`Conditions`} items={root.children} expandedKeys={expanded} dragAndDropHooks={dragAndDropHooks} selectionMode="none"
          {...{ keyboardNavigationBehavior: 'tab' as const }}
          onExpandedChange={(keys) => setClosed(new Set(branches.filter((id) => !keys.has(id))))}
          onAction={(key: Key) => open(opened === key ? null : String(key))}
          renderEmptyState={() => <p className="empty-tree"><Trans>There is no condition yet. Add one, or start from a template.</Trans></p>}
        >
          {branch}
        </Tree>
      </div>
    </Shared>
  );
}

function branch(node: Node): ReactNode {
  const { what, how } = wordsOf(node, [], null);
  return (
    <TreeItem key={node.id} id={node.id} textValue={`${what} ${how}`.trim()} hasChildItems={isBranch(node)} className="builder-item">
      <TreeItemContent>{({ isExpanded, level }) => <Row node={node} isExpanded={isExpanded} level={level} />}</TreeItemContent>
      {isBranch(node) && <Collection items={node.children}>{branch}</Collection>}
    </TreeItem>
  );
}

/** The relations that lead to the members that a part is about, the outermost first. */
function relationsTo(root: Node, id: string): readonly string[] {
  const relations: string[] = [];
  for (let parent = parentOf(root, id); parent && parent.id !== root.id; parent = parentOf(root, parent.id)) {
    if (parent.type === 'related') relations.unshift(parent.relation);
  }
  return relations;
}

/** The kind of the members that a part is about; null if it is not known yet, or behind more than three relations. */
function useKind(root: Node, id: string, start: MemberKind): MemberKind | null {
  const [first, second, third, ...more] = relationsTo(root, id);
  const one = useRelations(first ? start : null).find((each) => each.name === first)?.kind ?? null;
  const two = useRelations(second ? one : null).find((each) => each.name === second)?.kind ?? null;
  const three = useRelations(third ? two : null).find((each) => each.name === third)?.kind ?? null;
  if (more.length) return null;
  return third !== undefined ? three : second !== undefined ? two : first !== undefined ? one : start;
}

function Row({ node, isExpanded, level }: { node: Node; isExpanded: boolean; level: number }): ReactNode {
  const { t } = useLingui();
  const { root, kind: start, base, counts, mistakes, opened, open, edit } = useTree();
  const kind = useKind(root, node.id, start);
  const fields = useFields(kind);
  const segmentId = node.type === 'segment' ? node.segment : '';
  const [{ data }] = useQuery({ query: SegmentNameDocument, variables: { id: segmentId }, pause: !segmentId, requestPolicy: 'cache-first' });
  const { what, how } = wordsOf(node, fields, data?.segment?.name ?? null);
  const wrong = mistakes.get(node.id) ?? [];
  const members = counts.get(node.id);
  const isOpen = opened === node.id;
  const set = (some: object): void => edit(change(root, node.id, (old) => ({ ...old, ...some })), `${node.id} ${Object.keys(some).join()}`);
  const finished = isFinished(node);
  return (
    <div className="builder-row" data-wrong={wrong.length > 0 || undefined} data-open={isOpen || undefined} data-level={Math.min(level, 8)}>
      <div className="builder-line">
        <Button slot="drag" className="button plain icon grip" aria-label={t`Move ${what}`}><Icon name="grip" /></Button>
        {isBranch(node) && <Button slot="chevron" className="button plain icon chevron"><Icon name={isExpanded ? 'down' : 'right'} /></Button>}
        {node.type === 'group' ? <JoinChoice of={node} /> : (
          <button type="button" className="builder-words" aria-expanded={isOpen} onClick={() => open(isOpen ? null : node.id)}>
            {node.not && <span className="badge warn"><Trans>not</Trans></span>}
            <b>{what}</b> <span>{how}</span>
          </button>
        )}
        {!finished && <span className="badge warn"><Trans>Not finished</Trans></span>}
        <span className="builder-count">
          {members !== undefined && (
            <>
              <span className="bar" aria-hidden="true"><i style={{ width: base ? `${Math.min(100, (100 * members) / base)}%` : 0 }} /></span>
              <span title={base ? t`${percent(members / base, 1)} of all` : ''}>{count(members)}</span>
            </>
          )}
        </span>
        {isBranch(node) && <AddMenu to={node} kind={kind} small />}
        <RowActions node={node} what={what} />
      </div>
      {isOpen && node.type !== 'group' && (
        <div className="builder-form" onKeyDown={(event) => { if (event.key === 'Escape' && !event.defaultPrevented) { open(null); } }}>
          {node.type === 'related'
            ? <><RelatedForm of={node} kind={kind} edit={set} focus={!node.relation} /><p className="hint"><Trans>Conditions on them are added with + in this row.</Trans></p></>
            : <LeafForm of={node} kind={kind} base={kind === start ? base : null} edit={set} focus={!finished} />}
        </div>
      )}
      {wrong.map((one, index) => <p key={index} className="wrong" role="alert">{one.message} <Suggestions of={one} node={node} set={set} /></p>)}
    </div>
  );
}

/** What could stand where the mistake is, to be put there by one click. */
function Suggestions({ of, node, set }: { of: Mistake; node: Node; set: (some: object) => void }): ReactNode {
  const place = of.path?.at(-1);
  if (!('suggestions' in of) || node.type !== 'attribute' || (place !== 'field' && place !== 'op')) return null;
  return of.suggestions.slice(0, 3).map((one) => <button key={one} type="button" className="button small" onClick={() => set({ [place]: one })}>{one}</button>);
}

type Joined = 'all' | 'any' | 'none' | 'notAll';

function JoinChoice({ of, isRoot }: { of: Group | Related; isRoot?: boolean }): ReactNode {
  const { t } = useLingui();
  const { root, edit } = useTree();
  const value: Joined = of.not ? (of.join === 'all' ? 'notAll' : 'none') : of.join;
  const texts: Record<Joined, string> = { all: t`All of these`, any: t`At least one of these`, none: t`None of these`, notAll: t`Not all of these` };
  const options: readonly Joined[] = isRoot ? ['all', 'any'] : ['all', 'any', 'none', 'notAll'];
  return (
    <select
      className="join" aria-label={isRoot ? t`How the conditions are joined` : t`How the conditions of the group are joined`} value={value}
      onChange={(event) => {
        const next = event.target.value as Joined;
        edit(change(root, of.id, (old) => ({ ...old, not: next === 'none' || next === 'notAll', join: next === 'all' || next === 'notAll' ? 'all' : 'any' }) as Node));
      }}
    >
      {options.map((one) => <option key={one} value={one}>{texts[one]}</option>)}
    </select>
  );
}

function AddMenu({ to, kind, small }: { to: Group | Related; kind: MemberKind | null; small?: boolean }): ReactNode {
  const { t } = useLingui();
  const { root, edit, open } = useTree();
  const relations = useRelations(kind);
  const entries: (readonly [Parameters<typeof fresh>[0], string])[] = [
    ['attribute', t`Field`], ['tags', t`Tags`], ['segment', t`Segment or list`], ['event', t`Event`], ['sequence', t`Sequence of events`],
    ...(relations.length ? [['related', t`Related members`] as const] : []), ['consent', t`Consent`], ['sample', t`Sample`], ['everybody', t`Everybody`], ['group', t`Group`],
  ];
  function add(type: Parameters<typeof fresh>[0]): void {
    const node = fresh(type);
    edit(withChildren(root, to.id, (children) => [...children, node]));
    if (type !== 'everybody' && type !== 'group') open(node.id);
  }
  return (
    <MenuTrigger>
      <Button className={small ? 'button plain icon' : 'button'} aria-label={small ? t`Add a condition to the group` : t`Add a condition`}><Icon name="plus" />{!small && <Trans>Add a condition</Trans>}</Button>
      <Popover placement="bottom end">
        <Menu onAction={(chosen) => add(chosen as Parameters<typeof fresh>[0])}>
          {entries.map(([type, text]) => <MenuItem key={type} id={type}>{text}</MenuItem>)}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function RowActions({ node, what }: { node: Node; what: string }): ReactNode {
  const { t } = useLingui();
  const { root, edit, open, opened } = useTree();
  const parent = parentOf(root, node.id);
  const index = parent?.children.findIndex((one) => one.id === node.id) ?? 0;
  const before = parent?.children[index - 1];
  const actions: Action[] = [
    ...(node.type === 'group' ? [] : [{ key: 'open', label: opened === node.id ? t`Close` : t`Edit`, run: () => open(opened === node.id ? null : node.id) }]),
    ...(node.type === 'group' ? [] : [{ key: 'not', label: node.not ? t`Take “not” away` : t`Turn into “not”`, run: () => edit(change(root, node.id, (old) => ({ ...old, not: !old.not }))) }]),
    { key: 'up', label: t`Move up`, run: () => edit(step(root, node.id, -1)) },
    { key: 'down', label: t`Move down`, run: () => edit(step(root, node.id, 1)) },
    ...(before && isBranch(before) ? [{ key: 'in', label: t`Move into the group above`, run: () => edit(move(root, node.id, { into: before.id })) }] : []),
    ...(parent && parent.id !== root.id ? [{ key: 'out', label: t`Move out of the group`, run: () => edit(move(root, node.id, { beside: parent.id, behind: true })) }] : []),
    { key: 'wrap', label: t`Put into a new group`, run: () => edit(wrapped(root, node.id)) },
    ...(node.type === 'group' && !node.not ? [{ key: 'unwrap', label: t`Dissolve the group`, run: () => edit(unwrapped(root, node.id)) }] : []),
    { key: 'copy', label: t`Duplicate`, run: () => parent && edit(insert(root, parent.id, index + 1, copied(node))) },
    { key: 'remove', label: t`Remove`, danger: true, run: () => edit(remove(root, node.id)) },
  ];
  return <Actions label={t`Actions for ${what}`} actions={actions} />;
}

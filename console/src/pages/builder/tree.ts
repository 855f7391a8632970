// The criteria that are being built: a tree that is never changed in place. Each part keeps its key for as long as it
// lives, wherever it is moved, and keeps all its settings.
import type { AttributeOp, Channel, CompareOp, ConsentState, EventAggregate, SetOp } from '../../gql/graphql';

export type Json = unknown;
type Fields = Readonly<Record<string, Json>>;
export type Scalar = string | number | boolean;
export type Join = 'all' | 'any';

interface Part { id: string; not: boolean }
interface Branch extends Part { children: readonly Node[]; join: Join }
export interface Group extends Branch { type: 'group' }
export interface Related extends Branch { type: 'related'; relation: string; op: CompareOp; count: number | string }

/** What a field or a property is compared with. Both `value` and `values` are kept when the operator changes. */
export interface Comparison { field: string; op: AttributeOp; value: Scalar; values: readonly Scalar[] }
export interface Attribute extends Part, Comparison { type: 'attribute' }
export interface Tags extends Part { type: 'tags'; op: SetOp; values: readonly string[] }
export interface Consent extends Part { type: 'consent'; channel: Channel; state: ConsentState }

export interface Period { mode: 'ever' | 'last' | 'between'; last: string; from: string; to: string }
export interface Happening { name: string; within: Period; where: readonly Comparison[] }
export interface Happened extends Part, Happening { type: 'event'; aggregate: EventAggregate; of: string; op: CompareOp; value: Scalar; upper: Scalar }
export interface Sequence extends Part { type: 'sequence'; steps: readonly Happening[]; within: string }
export interface InSegment extends Part { type: 'segment'; op: 'IN' | 'NOT_IN'; segment: string }
export interface Sample extends Part { type: 'sample'; percent: number | string; seed: string }
/** What this console has no form for. It is kept as it is. */
export interface Other extends Part { type: 'other'; json: Json }

export type Leaf = Attribute | Tags | Consent | Happened | Sequence | InSegment | Sample | Other;
export type Node = Group | Related | Leaf;
export type NodeType = Node['type'];

let last = 0;
const key = (): string => `part-${(last += 1)}`;

export const isBranch = (node: Node): node is Group | Related => node.type === 'group' || node.type === 'related';

const EVER: Period = { mode: 'ever', last: 'P30D', from: '', to: '' };
export const someEvent = (): Happening => ({ name: '', within: EVER, where: [] });
export const someComparison = (): Comparison => ({ field: '', op: 'EQ', value: '', values: [] });

export function fresh(type: Exclude<NodeType, 'other'> | 'everybody'): Node {
  const part = { id: key(), not: false };
  switch (type) {
    case 'group': return { ...part, type, join: 'any', children: [] };
    case 'related': return { ...part, type, join: 'all', children: [], relation: '', op: 'GTE', count: 1 };
    case 'attribute': return { ...part, type, ...someComparison() };
    case 'tags': return { ...part, type, op: 'HAS_ANY', values: [] };
    case 'consent': return { ...part, type, channel: 'EMAIL', state: 'GRANTED' };
    case 'event': return { ...part, type, ...someEvent(), aggregate: 'COUNT', of: '', op: 'GTE', value: 1, upper: '' };
    case 'sequence': return { ...part, type, steps: [someEvent(), someEvent()], within: '' };
    case 'segment': return { ...part, type, op: 'IN', segment: '' };
    case 'sample': return { ...part, type, percent: 10, seed: '' };
    case 'everybody': return { ...part, type: 'other', json: { all: [] } };
  }
}

export const emptyRoot = (): Group => ({ id: key(), type: 'group', not: false, join: 'all', children: [] });

// From the JSON of criteria, and to it

/** Where each part is in the JSON: its path, joined by dots. A group with one condition is where its condition is. */
export type Places = Map<string, string>;

const fieldsOf = (json: Json): Fields => (json && typeof json === 'object' ? (json as Fields) : {});
const listOf = (json: Json): readonly Json[] => (Array.isArray(json) ? json : []);
const textOf = (json: Json): string => (json == null ? '' : String(json));

function comparisonFrom(json: Json): Comparison {
  const { field, op, value, values } = fieldsOf(json);
  return { field: textOf(field), op: (op ?? 'EQ') as AttributeOp, value: (value ?? '') as Scalar, values: listOf(values) as Scalar[] };
}

function periodFrom(json: Json): Period {
  if (json == null) return EVER;
  const { last: length, from, to, fromDay, toDay } = fieldsOf(json);
  if (length != null) return { ...EVER, mode: 'last', last: textOf(length) };
  return { ...EVER, mode: 'between', from: textOf(fromDay ?? from), to: textOf(toDay ?? to) };
}

const happeningFrom = (json: Json): Happening => ({
  name: textOf(fieldsOf(json)['name']), within: periodFrom(fieldsOf(json)['within']), where: listOf(fieldsOf(json)['where']).map(comparisonFrom),
});

function branchFrom(json: Json): { join: Join; children: readonly Node[] } {
  if (json == null) return { join: 'all', children: [] };
  const node = nodeFrom(json);
  return node.type === 'group' && !node.not ? { join: node.join, children: node.children } : { join: 'all', children: [node] };
}

function nodeFrom(json: Json): Node {
  const part = { id: key(), not: false };
  const [type, inside] = Object.entries(fieldsOf(json))[0] ?? ['', null];
  const body = fieldsOf(inside);
  switch (type) {
    case 'all': case 'any': {
      const children = listOf(inside).map(nodeFrom);
      return children.length ? { ...part, type: 'group', join: type, children } : { ...part, type: 'other', json };
    }
    case 'not': {
      const node = nodeFrom(inside);
      return node.not ? { ...part, not: true, type: 'group', join: 'all', children: [node] } : { ...node, not: true };
    }
    case 'attribute': return { ...part, type, ...comparisonFrom(inside) };
    case 'tags': return { ...part, type, op: body['op'] as SetOp, values: listOf(body['values']).map(textOf) };
    case 'consent': return { ...part, type, channel: body['channel'] as Channel, state: body['state'] as ConsentState };
    case 'event': {
      const value = body['value'] ?? 1;
      const [lower, upper] = Array.isArray(value) ? (value as Scalar[]) : [value as Scalar, ''];
      return {
        ...part, type, ...happeningFrom(inside), aggregate: (body['aggregate'] ?? 'COUNT') as EventAggregate, of: textOf(body['of']),
        op: (body['op'] ?? 'GTE') as CompareOp, value: lower ?? '', upper: upper ?? '',
      };
    }
    case 'sequence': return { ...part, type, steps: listOf(body['steps']).map(happeningFrom), within: textOf(body['within']) };
    case 'segment': return { ...part, type, op: body['op'] === 'NOT_IN' ? 'NOT_IN' : 'IN', segment: textOf(body['id']) };
    case 'related': return {
      ...part, type, ...branchFrom(body['where']), relation: textOf(body['relation']), op: (body['op'] ?? 'GTE') as CompareOp, count: (body['count'] ?? 1) as number,
    };
    case 'sample': return { ...part, type, percent: (body['percent'] ?? '') as number, seed: textOf(body['seed']) };
    default: return { ...part, type: 'other', json };
  }
}

export function fromJson(json: Json): Group {
  if (json == null) return emptyRoot();
  return { ...emptyRoot(), ...branchFrom(json) };
}

export const SEVERAL: ReadonlySet<string> = new Set(['IN', 'NOT_IN', 'HAS_ANY', 'HAS_ALL', 'HAS_NONE']);
export const NO_VALUE: ReadonlySet<string> = new Set(['IS_SET', 'IS_NOT_SET']);
export const LENGTHS: ReadonlySet<string> = new Set(['WITHIN_LAST', 'NOT_WITHIN_LAST', 'WITHIN_NEXT', 'ANNIVERSARY_WITHIN']);

function isComplete({ field, op, value, values }: Comparison): boolean {
  if (!field) return false;
  if (NO_VALUE.has(op)) return true;
  if (op === 'BETWEEN') return values.length === 2 && values.every((one) => one !== '');
  return SEVERAL.has(op) ? values.length > 0 : value !== '';
}

const happeningIsComplete = ({ name, within, where }: Happening): boolean =>
  name !== '' && where.every(isComplete) && (within.mode !== 'last' || within.last !== '') && (within.mode !== 'between' || within.from !== '' || within.to !== '');

/** Whether a condition says enough to be counted. */
export function isFinished(node: Node): boolean {
  switch (node.type) {
    case 'group': return node.children.some(isFinished);
    case 'related': return node.relation !== '' && node.count !== '';
    case 'attribute': return isComplete(node);
    case 'tags': return node.values.length > 0;
    case 'event': return happeningIsComplete(node) && node.value !== '' && (node.op !== 'BETWEEN' || node.upper !== '');
    case 'sequence': return node.steps.length > 1 && node.steps.every(happeningIsComplete);
    case 'segment': return node.segment !== '';
    case 'sample': return node.percent !== '';
    case 'consent': case 'other': return true;
  }
}

/** The conditions that are not finished, and so neither counted nor saved. */
export function unfinished(node: Node): readonly Node[] {
  if (!isBranch(node)) return isFinished(node) ? [] : [node];
  const inside = node.children.flatMap(unfinished);
  return node.type === 'related' && !isFinished(node) ? [node, ...inside] : node.type === 'group' && !node.children.length ? [node] : inside;
}

function comparisonJson({ field, op, value, values }: Comparison): Fields {
  if (NO_VALUE.has(op)) return { field, op };
  return SEVERAL.has(op) || op === 'BETWEEN' ? { field, op, values } : { field, op, value };
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

function periodJson({ mode, last: length, from, to }: Period): Fields {
  if (mode === 'ever') return {};
  if (mode === 'last') return { within: { last: length } };
  return {
    within: {
      ...(from ? { [DAY.test(from) ? 'fromDay' : 'from']: from } : {}),
      ...(to ? { [DAY.test(to) ? 'toDay' : 'to']: to } : {}),
    },
  };
}

const happeningJson = ({ name, within, where }: Happening): Fields => ({
  name, ...periodJson(within), ...(where.length ? { where: where.map(comparisonJson) } : {}),
});

const OF_VALUES: ReadonlySet<EventAggregate> = new Set(['SUM', 'AVG', 'MIN', 'MAX']);
export const takesProperty = (aggregate: EventAggregate): boolean => OF_VALUES.has(aggregate);

function leafJson(node: Leaf): Json {
  switch (node.type) {
    case 'attribute': return { attribute: comparisonJson(node) };
    case 'tags': return { tags: { op: node.op, values: node.values } };
    case 'consent': return { consent: { channel: node.channel, state: node.state } };
    case 'event': return {
      event: {
        ...happeningJson(node), aggregate: node.aggregate, ...(node.of && takesProperty(node.aggregate) ? { of: node.of } : {}),
        op: node.op, value: node.op === 'BETWEEN' ? [node.value, node.upper] : node.value,
      },
    };
    case 'sequence': return { sequence: { steps: node.steps.map(happeningJson), ...(node.within ? { within: node.within } : {}) } };
    case 'segment': return { segment: { op: node.op, id: node.segment } };
    case 'sample': return { sample: { percent: node.percent, ...(node.seed ? { seed: node.seed } : {}) } };
    case 'other': return node.json;
  }
}

function listJson(node: Group | Related, path: readonly string[], places: Places): Json {
  const parts = node.children.filter(isFinished);
  const [only] = parts;
  if (!only) return null;
  if (parts.length === 1) return nodeJson(only, path, places);
  return { [node.join]: parts.map((one, index) => nodeJson(one, [...path, node.join, String(index)], places)) };
}

function nodeJson(node: Node, path: readonly string[], places: Places): Json {
  places.set(node.id, path.join('.'));
  const inner = node.not ? [...path, 'not'] : path;
  let json: Json;
  if (node.type === 'group') json = listJson(node, inner, places);
  else if (node.type === 'related') {
    const where = listJson(node, [...inner, 'related', 'where'], places);
    json = { related: { relation: node.relation, ...(where ? { where } : {}), op: node.op, count: node.count } };
  } else json = leafJson(node);
  return node.not ? { not: json } : json;
}

/** The criteria as JSON without unfinished conditions; null if there is nothing. */
export function toJson(root: Group): { json: Json; places: Places } {
  const places: Places = new Map();
  return { json: isFinished(root) ? nodeJson(root, [], places) : null, places };
}

// Edits

export function find(node: Node, id: string): Node | null {
  if (node.id === id) return node;
  if (!isBranch(node)) return null;
  for (const child of node.children) {
    const found = find(child, id);
    if (found) return found;
  }
  return null;
}

export function parentOf(node: Node, id: string): Group | Related | null {
  if (!isBranch(node)) return null;
  if (node.children.some((child) => child.id === id)) return node;
  for (const child of node.children) {
    const found = parentOf(child, id);
    if (found) return found;
  }
  return null;
}

/** The tree with one part changed. All parts outside of it stay the same objects. */
export function change<N extends Node>(node: N, id: string, edit: (node: Node) => Node): N {
  if (node.id === id) return edit(node) as N;
  if (!isBranch(node)) return node;
  const children = node.children.map((child) => change(child, id, edit));
  return children.some((child, index) => child !== node.children[index]) ? { ...node, children } : node;
}

export const withChildren = <N extends Node>(root: N, id: string, edit: (children: readonly Node[]) => readonly Node[]): N =>
  change(root, id, (node) => (isBranch(node) ? { ...node, children: edit(node.children) } : node));

export function remove<N extends Node>(root: N, id: string): N {
  const parent = parentOf(root, id);
  return parent ? withChildren(root, parent.id, (children) => children.filter((child) => child.id !== id)) : root;
}

export const insert = <N extends Node>(root: N, parent: string, index: number, ...nodes: readonly Node[]): N =>
  withChildren(root, parent, (children) => children.toSpliced(index, 0, ...nodes));

export type Target = { into: string } | { beside: string; behind: boolean };

/** Move a part with all that is in it. A part cannot be moved into itself: then nothing changes. */
export function move(root: Group, id: string, target: Target): Group {
  const node = find(root, id);
  const goal = 'into' in target ? target.into : target.beside;
  if (!node || find(node, goal)) return root;
  const rest = remove(root, id);
  if ('into' in target) return withChildren(rest, target.into, (children) => [...children, node]);
  const parent = parentOf(rest, target.beside);
  if (!parent) return root;
  const index = parent.children.findIndex((child) => child.id === target.beside) + (target.behind ? 1 : 0);
  return insert(rest, parent.id, index, node);
}

/** Move a part one place up or down; at an end of its group, out of it. */
export function step(root: Group, id: string, by: -1 | 1): Group {
  const parent = parentOf(root, id);
  if (!parent) return root;
  const neighbour = parent.children[parent.children.findIndex((child) => child.id === id) + by];
  if (neighbour) return move(root, id, { beside: neighbour.id, behind: by > 0 });
  return parent.id === root.id ? root : move(root, id, { beside: parent.id, behind: by > 0 });
}

export function copied(node: Node): Node {
  const copy = { ...node, id: key() };
  return isBranch(copy) ? { ...copy, children: copy.children.map(copied) } : copy;
}

/** Put a part into a group of its own. */
export const wrapped = (root: Group, id: string): Group =>
  change(root, id, (node) => ({ id: key(), type: 'group', not: false, join: 'any', children: [node] }));

/** Replace a group by what is in it. */
export function unwrapped(root: Group, id: string): Group {
  const node = find(root, id);
  const parent = parentOf(root, id);
  if (!node || !parent || !isBranch(node)) return root;
  return withChildren(root, parent.id, (children) => children.flatMap((child) => (child.id === id ? node.children : [child])));
}

const shape = (node: Node): string => JSON.stringify(nodeJson(node, [], new Map()));

function adopt(fresh_: Node, old: Node): Node {
  if (!isBranch(fresh_) || !isBranch(old)) return { ...fresh_, id: old.id };
  return { ...fresh_, id: old.id, children: adoptAll(fresh_.children, old.children) };
}

function adoptAll(fresh_: readonly Node[], old: readonly Node[]): readonly Node[] {
  const left = new Set(old);
  const take = (fits: (one: Node) => boolean): Node | undefined => {
    const found = [...left].find(fits);
    if (found) left.delete(found);
    return found;
  };
  const same = fresh_.map((node) => take((one) => one.type === node.type && shape(one) === shape(node)));
  return fresh_.map((node, index) => {
    const found = same[index] ?? take((one) => one.type === node.type && one === old[index]) ?? take((one) => one.type === node.type);
    return found ? adopt(node, found) : node;
  });
}

/** The tree of a text, with the keys of the tree before where parts are the same, and with its unfinished conditions. */
export function reconciled(json: Json, old: Group): Group {
  const now = adopt(fromJson(json), old) as Group;
  const rest = unfinished(old).filter((one) => !isBranch(one) && !find(now, one.id));
  return rest.reduce<Group>((root, one) => {
    const parent = parentOf(old, one.id);
    return withChildren(root, parent && find(root, parent.id) ? parent.id : root.id, (children) => [...children, one]);
  }, now);
}

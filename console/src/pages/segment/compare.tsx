// Two or three segments beside each other: who is in both, as a picture and as numbers.
import './segment.css';

import { Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link, useLocation } from 'wouter';

import { useAct } from '../../api/acts';
import { useSegmentEvents } from '../../api/events';
import { mayWrite, useViewer } from '../../api/viewer';
import { count, percent } from '../../format';
import { graphql } from '../../gql';
import type { CompareSegmentsQuery, MemberKind, SegmentExpressionInput } from '../../gql/graphql';
import { AskForm, besides, SegmentPicker, TextField } from '../../ui/editing';
import { Card, Empty, Failed, Loading, Problems } from '../../ui/parts';
import { say } from '../../ui/toasts';
import { useAddress } from '../../url';

const CompareDocument = graphql(`
  query CompareSegments($ids: [ID!]!) {
    compareSegments(ids: $ids) {
      union
      intersection
      segments {
        memberCount
        onlyIn
        segment {
          id
          name
          kind
        }
      }
      overlaps {
        overlap
        jaccard
        first {
          id
          name
        }
        second {
          id
          name
        }
      }
      errors {
        ...Wrong
      }
    }
  }
`);

const NamesDocument = graphql(`
  query NamesOfSegments($ids: [ID!]!) {
    nodes(ids: $ids) {
      ... on Segment {
        id
        name
      }
    }
  }
`);

const Combine = graphql(`
  mutation CombineSegments($input: CombineSegmentsInput!) {
    combineSegments(input: $input) {
      segment {
        ...LiveSegment
      }
      errors {
        ...Wrong
      }
    }
  }
`);

type Comparison = CompareSegmentsQuery['compareSegments'];

export function CompareTab({ segment }: { segment: { id: string; name: string; kind: MemberKind } }): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [, many, change] = useAddress();
  const [asked, setAsked] = useState<{ name: string; expression: SegmentExpressionInput } | null>(null);
  const others = many('with').filter((id) => id !== segment.id).slice(0, 2);
  const ids = [segment.id, ...others];
  const [{ data: named }] = useQuery({ query: NamesDocument, variables: { ids: others }, pause: !others.length });
  const [{ data, error, fetching }, again] = useQuery({ query: CompareDocument, variables: { ids }, pause: !others.length });
  useSegmentEvents((event) => {
    if (ids.includes(event.segment.id) && event.__typename === 'MembershipChanged' && others.length) again({ requestPolicy: 'network-only' });
  });
  const chosen = others.map((id) => ({ id, name: named?.nodes.flatMap((node) => (node?.__typename === 'Segment' && node.id === id ? [node.name] : []))[0] ?? '…' }));
  const found = others.length ? data?.compareSegments : undefined;
  const all = ids.map((id): SegmentExpressionInput => ({ segment: id }));
  const names = found?.segments.map((one) => one.segment.name).join(', ') ?? '';
  return (
    <div className="two">
      <Card title={<Trans>Overlap</Trans>}>
        {error && <Failed error={error} again={() => again({ requestPolicy: 'network-only' })} />}
        {!others.length && <Empty title={<Trans>Compare it with one or two others</Trans>}><p><Trans>Choose segments of the same kind, and see who is in several of them.</Trans></p></Empty>}
        {others.length > 0 && !found && fetching && <Loading />}
        {found && <Problems of={found.errors} />}
        {found && !found.errors.length && (
          <div className="stack">
            <Picture of={found} />
            <div className="scroll">
              <table>
                <thead><tr><th><Trans>Segment</Trans></th><th className="number"><Trans>Members</Trans></th><th className="number"><Trans>Only in it</Trans></th></tr></thead>
                <tbody>{found.segments.map((one, index) => <tr key={one.segment.id}><td><i className={`colour c${index}`} /><Link href={`/segments/${one.segment.id}`}>{one.segment.name}</Link></td><td className="number">{count(one.memberCount)}</td><td className="number">{count(one.onlyIn)}</td></tr>)}</tbody>
              </table>
            </div>
            <div className="scroll">
              <table>
                <thead><tr><th><Trans>In both</Trans></th><th className="number"><Trans>Members</Trans></th><th className="number"><Trans>Of all in either</Trans></th></tr></thead>
                <tbody>
                  {found.overlaps.map((one) => <tr key={one.first.id + one.second.id}><td>{one.first.name} ∩ {one.second.name}</td><td className="number">{count(one.overlap)}</td><td className="number">{percent(one.jaccard, 1)}</td></tr>)}
                  {found.segments.length > 2 && <tr><td><Trans>In all of them</Trans></td><td className="number">{count(found.intersection)}</td><td className="number">{percent(found.union ? found.intersection / found.union : null, 1)}</td></tr>}
                  <tr><td><Trans>In at least one</Trans></td><td className="number">{count(found.union)}</td><td className="number">{percent(1)}</td></tr>
                </tbody>
              </table>
            </div>
            {mayWrite(viewer) && (
              <div className="row">
                <button type="button" className="button" onClick={() => setAsked({ name: t`All of: ${names}`, expression: { intersect: all } })}><Trans>Segment of those in all</Trans></button>
                <button type="button" className="button" onClick={() => setAsked({ name: t`Any of: ${names}`, expression: { union: all } })}><Trans>Segment of those in any</Trans></button>
                <button type="button" className="button" onClick={() => setAsked({ name: t`Only ${segment.name}`, expression: { subtract: all } })}>{t`Segment of those only in ${segment.name}`}</button>
              </div>
            )}
          </div>
        )}
      </Card>
      <Card title={t`Compare ${segment.name} with`}>
        <SegmentPicker legend={t`Segments`} kind={segment.kind} chosen={chosen} most={2} onChange={(next) => change({ with: next.map((one) => one.id).filter((id) => id !== segment.id) })} />
      </Card>
      {asked && <AskCombined {...asked} onClose={() => setAsked(null)} />}
    </div>
  );
}

function AskCombined({ name: suggested, expression, onClose }: { name: string; expression: SegmentExpressionInput; onClose: () => void }): ReactNode {
  const { t } = useLingui();
  const { act, busy, problems } = useAct();
  const [, go] = useLocation();
  const [name, setName] = useState(suggested.slice(0, 200));
  async function submit(): Promise<void> {
    const done = await act(Combine, { input: { name, expression } });
    if (!done?.segment) return;
    say(t`Created. It is a draft until you activate it.`);
    go(`/segments/${done.segment.id}`);
  }
  return (
    <AskForm title={<Trans>New segment</Trans>} action={<Trans>Create</Trans>} busy={busy} problems={besides(problems, 'name')} onSubmit={() => void submit()} onClose={onClose}>
      <TextField label={t`Name`} value={name} onChange={setName} problems={problems} name="name" autoFocus />
    </AskForm>
  );
}

interface Circle { x: number; y: number; r: number }

/** The area that two circles share. */
function lens(a: number, b: number, distance: number): number {
  if (distance >= a + b) return 0;
  if (distance <= Math.abs(a - b)) return Math.PI * Math.min(a, b) ** 2;
  const one = a * a * Math.acos((distance ** 2 + a * a - b * b) / (2 * distance * a));
  const two = b * b * Math.acos((distance ** 2 + b * b - a * a) / (2 * distance * b));
  return one + two - 0.5 * Math.sqrt((-distance + a + b) * (distance + a - b) * (distance - a + b) * (distance + a + b));
}

/** How far apart two circles stand so that they share an area. */
function distanceFor(a: number, b: number, shared: number): number {
  if (shared <= 0) return a + b + 6;
  let near = Math.abs(a - b);
  let far = a + b;
  for (let step = 0; step < 50; step += 1) {
    const middle = (near + far) / 2;
    if (lens(a, b, middle) > shared) near = middle;
    else far = middle;
  }
  return (near + far) / 2;
}

/** Circles whose areas, and whose common areas two by two, are as the numbers are. Three of them fit as well as circles can. */
function circlesOf({ segments, overlaps }: Comparison): Circle[] {
  const most = Math.max(1, ...segments.map((one) => one.memberCount));
  const areaOf = (n: number): number => (Math.PI * 110 ** 2 * n) / most;
  const radii = segments.map((one) => Math.max(4, Math.sqrt(areaOf(one.memberCount) / Math.PI)));
  const apart = (i: number, j: number): number => {
    const pair = [segments[i]?.segment.id, segments[j]?.segment.id];
    const shared = overlaps.find((one) => pair.includes(one.first.id) && pair.includes(one.second.id))?.overlap ?? 0;
    return distanceFor(radii[i] ?? 0, radii[j] ?? 0, areaOf(shared));
  };
  const [a = 0, b = 0, c] = radii;
  const ab = apart(0, 1);
  const circles: Circle[] = [{ x: 0, y: 0, r: a }, { x: ab, y: 0, r: b }];
  if (c !== undefined) {
    const ac = apart(0, 2);
    const bc = apart(1, 2);
    const x = ab ? (ac ** 2 - bc ** 2 + ab ** 2) / (2 * ab) : 0;
    const along = Math.max(-ac, Math.min(ac, x));
    circles.push({ x: along, y: Math.sqrt(Math.max(0, ac ** 2 - along ** 2)), r: c });
  }
  return circles;
}

function Picture({ of }: { of: Comparison }): ReactNode {
  const { t } = useLingui();
  const circles = circlesOf(of);
  const left = Math.min(...circles.map((one) => one.x - one.r)) - 8;
  const right = Math.max(...circles.map((one) => one.x + one.r)) + 8;
  const top = Math.min(...circles.map((one) => one.y - one.r)) - 8;
  const bottom = Math.max(...circles.map((one) => one.y + one.r)) + 8;
  const text = of.overlaps.map((one) => t`${one.first.name} and ${one.second.name} share ${count(one.overlap)} members`).join('. ');
  return (
    <figure style={{ margin: 0 }}>
      <svg className="overlap" viewBox={`${left} ${top} ${right - left} ${bottom - top}`} role="img" aria-label={text}>
        {circles.map((one, index) => <circle key={index} className={`c${index}`} cx={one.x} cy={one.y} r={one.r}><title>{of.segments[index]?.segment.name}</title></circle>)}
      </svg>
      {circles.length > 2 && <figcaption className="muted small" style={{ textAlign: 'center' }}><Trans>Three circles can show the numbers only roughly. The tables are exact.</Trans></figcaption>}
    </figure>
  );
}

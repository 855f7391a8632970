// Why a member is in a segment or not: what holds it there, and the criteria part by part with the member's own values.
import './segment.css';

import { Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link, useLocation } from 'wouter';

import { moment } from '../../format';
import { graphql } from '../../gql';
import { Ask, Failed, Loading } from '../../ui/parts';
import { word } from '../../words';
import { show } from '../members/values';

/** How many levels of criteria are asked for: each one more makes the question five times as dear. */
const LEVELS = 6;

export const ExplainedPart = graphql(`
  fragment ExplainedPart on ExplainedNode {
    sentence
    matches
    actual
    children {
      sentence
      matches
      actual
      children {
        sentence
        matches
        actual
        children {
          sentence
          matches
          actual
          children {
            sentence
            matches
            actual
            children {
              sentence
              matches
              actual
            }
          }
        }
      }
    }
  }
`);

const WhyInSegment = graphql(`
  query WhyInSegment($segmentId: ID!, $memberId: ID!) {
    member(id: $memberId) {
      id
      name
      externalId
      segmentIntervals(segmentId: $segmentId) {
        from
        to
        enteredBy
        exitedBy
      }
    }
    segment(id: $segmentId) {
      id
      name
      explain(memberId: $memberId) {
        isMember
        missing
        sources {
          kind
          linked
          blocked
          since
          playbook {
            id
            name
          }
        }
        criteria {
          ...ExplainedPart
        }
      }
    }
  }
`);

interface Part { sentence: string; matches: boolean; actual?: unknown; children?: readonly Part[] }

function Parts({ of, level = 1 }: { of: Part; level?: number }): ReactNode {
  const { t } = useLingui();
  return (
    <li>
      <span>
        <span className={`mark ${of.matches ? 'yes' : 'no'}`} role="img" aria-label={of.matches ? t`matches` : t`does not match`}>{of.matches ? '✓' : '✗'}</span>
        <span>{of.sentence}{of.actual != null && <span className="actual"> · <Trans>it has {show(of.actual)}</Trans></span>}</span>
      </span>
      {of.children && of.children.length > 0 && <ul className="why">{of.children.map((child, index) => <Parts key={index} of={child} level={level + 1} />)}</ul>}
      {level === LEVELS && <p className="muted small"><Trans>Parts inside of this one, if it has any, are not shown.</Trans></p>}
    </li>
  );
}

export function Why({ segmentId, memberId, onClose }: { segmentId: string; memberId: string; onClose: () => void }): ReactNode {
  const { t } = useLingui();
  const [place] = useLocation();
  const [{ data, error }] = useQuery({ query: WhyInSegment, variables: { segmentId, memberId }, requestPolicy: 'network-only' });
  const found = data?.segment?.explain;
  const segment = data?.segment?.name ?? '';
  const name = data?.member?.name ?? data?.member?.externalId ?? '';
  return (
    <Ask wide title={found ? found.isMember ? t`Why ${name} is in ${segment}` : t`Why ${name} is not in ${segment}` : <Trans>Why?</Trans>} onClose={onClose}>
      {error && <Failed error={error} />}
      {!found ? !error && (data ? <p><Trans>There is no such member, or you may not see it.</Trans></p> : <Loading />) : (
        <div className="stack">
          <section className="stack tight">
            <h3><Trans>What holds it there</Trans></h3>
            <ul className="why">
              {found.sources.map((source, index) => (
                <li key={index}>
                  <span>
                    <span className={`mark ${source.linked ? 'yes' : 'no'}`} aria-hidden="true">{source.linked ? '✓' : '✗'}</span>
                    <span>
                      {word(source.kind)}{source.playbook && <>: {source.playbook.name}</>}{' '}
                      <span className="muted">
                        {source.blocked ? <Trans>may not add it, because somebody removed it</Trans> : source.linked ? source.since ? <Trans>since {moment(source.since)}</Trans> : <Trans>holds it</Trans> : <Trans>does not hold it</Trans>}
                      </span>
                    </span>
                  </span>
                </li>
              ))}
            </ul>
          </section>
          {found.criteria && (
            <section className="stack tight">
              <h3><Trans>Criteria, part by part</Trans></h3>
              <ul className="why" aria-label="Criteria"><Parts of={found.criteria as Part} /></ul>
            </section>
          )}
          {found.missing.length > 0 && (
            <section className="stack tight">
              <h3><Trans>What would have to change</Trans></h3>
              <ul>{found.missing.map((one) => <li key={one}>{one}</li>)}</ul>
            </section>
          )}
          {data.member && data.member.segmentIntervals.length > 0 && (
            <section className="stack tight">
              <h3><Trans>When it was in it</Trans></h3>
              <ul>{data.member.segmentIntervals.map((stay) => <li key={stay.from}>{moment(stay.from)} – {stay.to ? moment(stay.to) : <Trans>now</Trans>}</li>)}</ul>
            </section>
          )}
          {place !== `/members/${memberId}` && <p><Link href={`/members/${memberId}`}><Trans>Everything about this member</Trans></Link></p>}
        </div>
      )}
    </Ask>
  );
}

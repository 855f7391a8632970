// What happened to a segment: computations, who entered and left, deliveries, and who did what.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { Link } from 'wouter';

import { usePages, type Pages } from '../../api/pages';
import { may, useViewer } from '../../api/viewer';
import { ago, count, moment, NOTHING } from '../../format';
import { graphql } from '../../gql';
import { Choices } from '../../ui/choices';
import { Card, Failed, Loading, Progress, Status } from '../../ui/parts';
import { useAddress } from '../../url';
import { word } from '../../words';
import { show } from '../members/values';

const RunsDocument = graphql(`
  query SegmentRuns($id: ID!, $first: Int!, $after: String) {
    segment(id: $id) {
      id
      runs(first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          trigger
          status
          startedAt
          finishedAt
          memberCount
          entered
          exited
          error {
            message
          }
        }
      }
    }
  }
`);

const ChangesDocument = graphql(`
  query SegmentChanges($id: ID!, $first: Int!, $after: String, $direction: MembershipDirection) {
    segment(id: $id) {
      id
      membershipChanges(first: $first, after: $after, direction: $direction) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          at
          direction
          trigger
          sources
          playbooks {
            id
            name
          }
          member {
            id
            name
            externalId
          }
        }
      }
    }
  }
`);

const DeliveriesDocument = graphql(`
  query SegmentDeliveries($id: ID!, $first: Int!, $after: String) {
    deliveries(segmentId: $id, first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        status
        progress
        listName
        deliveredCount
        memberCount
        rejectedCount
        asOf
        retryAt
        createdAt
        destination {
          id
          name
        }
        error {
          message
        }
      }
    }
  }
`);

const AuditDocument = graphql(`
  query SegmentAudit($id: ID!, $first: Int!, $after: String) {
    auditLog(subjectId: $id, first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        at
        action
        before
        after
        actor {
          name
        }
      }
    }
  }
`);

const FEW = 15;

export function ActivityTab({ id }: { id: string }): ReactNode {
  const viewer = useViewer();
  return (
    <div className="overview">
      <Runs id={id} />
      <Changes id={id} />
      <Deliveries id={id} />
      {may(viewer, 'ADMINISTER') && <Audit id={id} />}
    </div>
  );
}

/** What stands below a list: why it failed, that it is empty, or more of it. */
function Below<Node>({ pages, empty }: { pages: Pages<Node>; empty: ReactNode }): ReactNode {
  return (
    <>
      {pages.error && <Failed error={pages.error} again={pages.again} />}
      {pages.rows.length === 0 && !pages.error && (pages.isFetching ? <div className="body"><Loading rows={3} /></div> : <p className="body muted">{empty}</p>)}
      {pages.hasMore && <div className="body"><button type="button" className="button small" onClick={pages.more}><Trans>Show more</Trans></button> <span className="muted small"><Plural value={pages.totalCount ?? 0} one="# altogether" other="# altogether" /></span></div>}
    </>
  );
}

function Runs({ id }: { id: string }): ReactNode {
  const { t } = useLingui();
  const pages = usePages(RunsDocument, { id, first: FEW }, (data) => data.segment?.runs, { refreshedBy: ['REACH_READY', 'REACH_FAILED'] });
  return (
    <Card title={<Trans>Computations</Trans>} bare>
      {pages.rows.length > 0 && (
        <div className="scroll" tabIndex={0} role="group" aria-label={t`Computations`}>
          <table>
            <thead><tr><th className="short"><Trans>Started</Trans></th><th><Trans>Status</Trans></th><th className="short"><Trans>Cause</Trans></th><th className="number"><Trans>Members</Trans></th><th className="number"><Trans>Entered</Trans></th><th className="number"><Trans>Exited</Trans></th></tr></thead>
            <tbody>
              {pages.rows.map((run) => (
                <tr key={run.id}>
                  <td className="short" title={moment(run.startedAt)}>{ago(run.startedAt)}</td><td><Status of={run.status} /> {run.error?.message}</td><td className="short">{word(run.trigger)}</td>
                  <td className="number">{count(run.memberCount)}</td><td className="number">{count(run.entered)}</td><td className="number">{count(run.exited)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Below pages={pages} empty={<Trans>It was not computed yet.</Trans>} />
    </Card>
  );
}

function Changes({ id }: { id: string }): ReactNode {
  const { t } = useLingui();
  const [one, , change] = useAddress();
  const direction = one('moved') === 'ENTERED' || one('moved') === 'EXITED' ? (one('moved') as 'ENTERED' | 'EXITED') : '';
  const pages = usePages(ChangesDocument, { id, first: FEW, direction: direction || null }, (data) => data.segment?.membershipChanges, { refreshedBy: ['MEMBERS_ENTERED', 'MEMBERS_EXITED'] });
  return (
    <Card title={<Trans>Who entered and left</Trans>} bare side={<Choices label={t`Show`} value={direction} options={[['', t`Both`], ['ENTERED', word('ENTERED')], ['EXITED', word('EXITED')]]} onChange={(moved) => change({ moved })} />}>
      <ul className="plain-list">
        {pages.rows.map((row) => (
          <li key={`${row.member.id}${row.at}${row.direction}`}>
            <span className={`badge ${row.direction === 'ENTERED' ? 'good' : 'bad'}`}>{word(row.direction)}</span>
            <Link href={`/members/${row.member.id}`} className="grow">{row.member.name ?? row.member.externalId}</Link>
            <span className="muted small">{[...(row.sources ?? []).filter((source) => source !== 'PLAYBOOK' || !row.playbooks.length).map(word), ...row.playbooks.map((playbook) => playbook.name)].join(', ') || word(row.trigger)}, <span title={moment(row.at)}>{ago(row.at)}</span></span>
          </li>
        ))}
      </ul>
      <Below pages={pages} empty={<Trans>Nobody entered or left in the time that is kept.</Trans>} />
    </Card>
  );
}

function Deliveries({ id }: { id: string }): ReactNode {
  const { t } = useLingui();
  const pages = usePages(DeliveriesDocument, { id, first: FEW }, (data) => data.deliveries, { refreshedBy: ['DELIVERY_CHANGED'] });
  return (
    <Card title={<Trans>Deliveries</Trans>} bare>
      <ul className="plain-list">
        {pages.rows.map((row) => (
          <li key={row.id}>
            <div className="grow stack tight">
              <span className="row"><Link href={`/destinations/${row.destination.id}`}>{row.destination.name}</Link><Status of={row.status} />{row.status === 'BUILDING' && <Progress value={row.progress} label={t`Delivering to ${row.destination.name}`} />}</span>
              <span className="muted small">{row.listName ?? NOTHING}{row.asOf && `, ${t`as of`} ${moment(row.asOf)}`}</span>
              {row.error && <span className="wrong small">{row.error.message}{row.retryAt && ` ${t`Tried again ${ago(row.retryAt)}.`}`}</span>}
            </div>
            <span className="number small">{count(row.deliveredCount)}{row.memberCount != null && ` / ${count(row.memberCount)}`}</span>
          </li>
        ))}
      </ul>
      <Below pages={pages} empty={<Trans>It is delivered nowhere. A destination sends its members to another system.</Trans>} />
    </Card>
  );
}

function Audit({ id }: { id: string }): ReactNode {
  const { t } = useLingui();
  const pages = usePages(AuditDocument, { id, first: FEW }, (data) => data.auditLog, { refreshedBy: ['SEGMENT_UPDATED', 'SEGMENT_ARCHIVED'] });
  return (
    <Card title={<Trans>Who did what</Trans>} bare>
      <ul className="plain-list">
        {pages.rows.map((row) => (
          <li key={row.id}>
            <div className="grow stack tight">
              <span><strong>{word(row.action)}</strong> <span className="muted">{t`by ${row.actor.name}`}</span></span>
              <Difference before={row.before} after={row.after} />
            </div>
            <span className="muted small" title={moment(row.at)}>{ago(row.at)}</span>
          </li>
        ))}
      </ul>
      <Below pages={pages} empty={<Trans>Nothing is in the audit log.</Trans>} />
    </Card>
  );
}

/** What an entry of the audit log changed. */
function Difference({ before, after }: { before: unknown; after: unknown }): ReactNode {
  const was = (before ?? {}) as Record<string, unknown>;
  const is = (after ?? {}) as Record<string, unknown>;
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]));
  if (!names.length) return null;
  const short = (value: unknown): string => {
    const text = typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify(value) : show(value);
    return text.length > 90 ? `${text.slice(0, 90)}…` : text;
  };
  return <span className="muted small" style={{ overflowWrap: 'anywhere' }}>{names.slice(0, 4).map((name) => (name in was ? `${name}: ${short(was[name])} → ${short(is[name])}` : `${name}: ${short(is[name])}`)).join(' · ')}{names.length > 4 && ' …'}</span>;
}

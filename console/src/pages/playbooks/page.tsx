// One playbook: its conditions, its action, whether it acts, and what it did.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link, useLocation } from 'wouter';

import { useAct } from '../../api/acts';
import { useLiveEvents, useSegmentEvents } from '../../api/events';
import { DeletePlaybookDocument, PausePlaybookDocument, PlaybookDocument, ResumePlaybookDocument } from '../../api/playbooks';
import { may, mayWrite, useViewer } from '../../api/viewer';
import { ago, count, moment } from '../../format';
import { useTitle } from '../../ui/editing';
import { Card, Confirm, Empty, Failed, Figure, Loading, PageHead, Progress, Status } from '../../ui/parts';
import { say } from '../../ui/toasts';
import { word } from '../../words';
import { DryRun } from './form';

export default function PlaybookPage({ id }: { id: string }): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [, go] = useLocation();
  const { act, problems } = useAct();
  const [{ data, error, fetching }, ask] = useQuery({ query: PlaybookDocument, variables: { id } });
  const [asked, setAsked] = useState<'PAUSE' | 'RESUME' | 'DELETE' | null>(null);
  const again = (): void => ask({ requestPolicy: 'network-only' });
  useLiveEvents(['PLAYBOOK_CHANGED', 'MEMBERS_ENTERED', 'MEMBERS_EXITED', 'REACH_READY', 'REACH_FAILED'], again);
  const playbook = data?.playbook;
  useTitle(playbook?.name ?? t`Playbook`);
  useSegmentEvents((event) => {
    if (event.__typename === 'MembershipChanged' && playbook?.segments.some((one) => one.id === event.segment.id)) again();
  });
  if (!playbook) {
    if (error) return <Failed error={error} again={again} />;
    if (fetching) return <Loading />;
    return <Empty title={<Trans>There is no such playbook</Trans>}><p><Trans>It was deleted, or you may not see it.</Trans></p><Link href="/playbooks" className="button"><Trans>Go to the playbooks</Trans></Link></Empty>;
  }
  const mine = mayWrite(viewer) && (may(viewer, 'MANAGE_ALL') || playbook.createdBy?.id === viewer.user?.id);
  const targets = playbook.segments.map((segment) => ({ segment, source: segment.sources.find((one) => one.playbook?.id === id) }));
  const held = targets.reduce((sum, { source }) => sum + (source?.memberCount ?? 0), 0);
  const blocked = targets.reduce((sum, { source }) => sum + (source?.blockedCount ?? 0), 0);
  const changes = playbook.segments
    .flatMap((segment) => segment.membershipChanges.edges.map(({ node }) => ({ ...node, segment })))
    .filter((change) => change.playbooks?.some((one) => one.id === id))
    .toSorted((a, b) => b.at.localeCompare(a.at));
  const texts = { PAUSE: t`Pause`, RESUME: t`Resume`, DELETE: t`Delete` };
  return (
    <>
      <PageHead
        title={playbook.name}
        below={<div className="row"><Status of={playbook.status} /><span className="badge">{word(playbook.kind)}</span><span className="badge">{word(playbook.visibility)}</span><span className="small"><Trans>Last change {ago(playbook.lastModifiedAt)}</Trans>{playbook.createdBy && ` · ${playbook.createdBy.name}`}</span></div>}
      >
        {mine && (playbook.status === 'ACTIVE'
          ? <button type="button" className="button" onClick={() => setAsked('PAUSE')}><Trans>Pause</Trans></button>
          : <button type="button" className="button primary" onClick={() => setAsked('RESUME')}><Trans>Resume</Trans></button>)}
        {mine && <Link href={`/playbooks/${id}/edit`} className="button"><Trans>Edit</Trans></Link>}
        {mine && <button type="button" className="button" onClick={() => setAsked('DELETE')}><Trans>Delete</Trans></button>}
      </PageHead>
      {error && <Failed error={error} again={again} />}
      <div className="figures">
        <Figure label={<Trans>Holds in segments</Trans>}>{count(held)}</Figure>
        <Figure label={<Trans>Removed by people, so not added again</Trans>}>{count(blocked)}</Figure>
        <Figure label={<Trans>Segments</Trans>}>{count(playbook.segments.length)}</Figure>
      </div>
      <div className="halves">
        <div className="stack">
          <Card title={<Trans>Conditions</Trans>}>
            <div className="stack tight">
              <p className="sentence">{playbook.criteriaSentence ?? <Trans>They ask about personal data that you may not read.</Trans>}</p>
              {playbook.criteriaText && <pre style={{ whiteSpace: 'pre-wrap', margin: 0 }}>{playbook.criteriaText}</pre>}
            </div>
          </Card>
          <Card title={<Trans>Action: adds members to</Trans>} bare>
            <ul className="plain-list">
              {targets.map(({ segment, source }) => (
                <li key={segment.id}>
                  <Link href={`/segments/${segment.id}`} className="grow">{segment.name}</Link>
                  <span className="muted small"><Plural value={source?.memberCount ?? 0} one="holds # member" other="holds # members" /> / {count(segment.memberCount)}</span>
                  {segment.reach.status === 'CALCULATING' ? <Progress value={segment.reach.progress} label={t`Calculating ${segment.name}`} /> : <Status of={segment.status} />}
                  {segment.reach.error && <span className="wrong small">{segment.reach.error.message}</span>}
                </li>
              ))}
            </ul>
          </Card>
        </div>
        <div className="stack">
          <Card title={<Trans>What it did</Trans>} bare>
            {changes.length === 0 && <p className="body muted"><Trans>It has added and removed nobody yet.</Trans></p>}
            <ul className="plain-list scrolled">
              {changes.slice(0, 100).map((change, index) => (
                <li key={index}>
                  <span className={`badge ${change.direction === 'ENTERED' ? 'good' : ''}`}>{word(change.direction)}</span>
                  <Link href={`/members/${change.member.id}`} className="grow">{change.member.name ?? change.member.externalId}</Link>
                  <span className="muted small" title={moment(change.at)}>{change.segment.name}, {ago(change.at)}</span>
                </li>
              ))}
            </ul>
          </Card>
          {playbook.criteriaText && <Card title={<Trans>What it would do now</Trans>}><DryRun kind={playbook.kind} text={playbook.criteriaText} segments={playbook.segments} /></Card>}
        </div>
      </div>
      {asked && (
        <Confirm
          title={`${texts[asked]}: ${playbook.name}`} action={texts[asked]} danger={asked === 'DELETE'} problems={problems} onClose={() => setAsked(null)}
          onConfirm={async () => {
            const input = { id };
            if (asked === 'DELETE') {
              if (!(await act(DeletePlaybookDocument, { input }))) return false;
              say(t`Deleted`);
              go('/playbooks', { replace: true });
              return true;
            }
            if (!(asked === 'PAUSE' ? await act(PausePlaybookDocument, { input }) : await act(ResumePlaybookDocument, { input }))) return false;
            again();
            return true;
          }}
        >
          {asked === 'PAUSE' && <p><Trans>Members that match from then on are not added, and those that it added stay.</Trans></p>}
          {asked === 'RESUME' && <p><Trans>It catches up: members that match now are added, and those that match no longer are removed.</Trans></p>}
          {asked === 'DELETE' && <p><Plural value={held} one="# member that only this playbook holds leaves its segments." other="Of the # members that it holds, those that nothing else holds leave their segments." /></p>}
        </Confirm>
      )}
    </>
  );
}

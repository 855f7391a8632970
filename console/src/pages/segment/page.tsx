// One segment: what it is at the top, and the rest in tabs, each with an address of its own.
import './segment.css';

import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useEffect, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';

import { useLiveEvents } from '../../api/events';
import { mayWrite, useViewer } from '../../api/viewer';
import { ago, count, moment } from '../../format';
import { graphql } from '../../gql';
import { Actions, Empty, Failed, Loading, PageHead, Progress, Status, Tabs } from '../../ui/parts';
import { word } from '../../words';
import { LabelChip, Star } from '../segments/labels';
import { useSteps } from '../segments/steps';
import { ActivityTab } from './activity';
import { AutomationTab } from './automation';
import { CompareTab } from './compare';
import { MembersTab } from './members';
import { OverviewTab } from './overview';

export { Waterfall } from './waterfall';

const HeadDocument = graphql(`
  query SegmentHead($id: ID!) {
    segment(id: $id) {
      ...LiveSegment
      ...SegmentPlaces
      kind
      origin
      visibility
      description
      createdAt
      createdBy {
        id
        name
      }
      freshness {
        asOf
        pendingChanges
      }
    }
  }
`);

const TABS = ['', 'members', 'automation', 'activity', 'compare'] as const;

export default function SegmentPage({ id, tab = '' }: { id: string; tab?: string | undefined }): ReactNode {
  const { t } = useLingui();
  const viewer = useViewer();
  const [{ data, error, fetching }, again] = useQuery({ query: HeadDocument, variables: { id } });
  const refresh = (): void => again({ requestPolicy: 'network-only' });
  const { actionsOf, start, dialog } = useSteps(refresh);
  const segment = data?.segment;
  useEffect(() => { document.title = `${segment?.name ?? t`Segment`} – seggraph`; }, [segment?.name, t]);
  useLiveEvents(['SEGMENT_UPDATED', 'SEGMENT_DELETED', 'REACH_READY', 'LABEL_CHANGED', 'FOLDER_CHANGED'], refresh);
  if (!segment) {
    if (error) return <Failed error={error} again={refresh} />;
    if (fetching) return <Loading />;
    return <Empty title={<Trans>There is no such segment</Trans>}><p><Trans>It was deleted, or you may not see it.</Trans></p><Link href="/segments" className="button"><Trans>Go to the segments</Trans></Link></Empty>;
  }
  const texts: Record<(typeof TABS)[number], ReactNode> = {
    '': <Trans>Overview</Trans>, members: <><Trans>Members</Trans> <span className="badge">{count(segment.memberCount)}</span></>, automation: <Trans>Automation</Trans>,
    activity: <Trans>Activity</Trans>, compare: <Trans>Compare</Trans>,
  };
  const can = new Set<string>(segment.transitions);
  const { reach, freshness } = segment;
  return (
    <>
      <PageHead
        title={segment.name}
        below={(
          <div className="row">
            <Star segment={segment} /><Status of={segment.status} /><span className="badge">{word(segment.type)}</span><span className="badge">{word(segment.kind)}</span>
            {segment.purpose && <span className="badge accent">{word(segment.purpose)}</span>}
            {segment.visibility === 'PRIVATE' && <span className="badge">{word('PRIVATE')}</span>}
            {segment.folder && <Link href={`/segments?folder=${segment.folder.id}`} className="small">{segment.folder.name}</Link>}
            {segment.labels.map((label) => <LabelChip key={label.id} label={label} />)}
          </div>
        )}
      >
        {can.has('PAUSE') && <button type="button" className="button" onClick={() => start('PAUSE', [segment])}><Trans>Pause</Trans></button>}
        {can.has('RESUME') && <button type="button" className="button primary" onClick={() => start('RESUME', [segment])}><Trans>Resume</Trans></button>}
        {can.has('ACTIVATE') && <button type="button" className="button primary" onClick={() => start('ACTIVATE', [segment])}><Trans>Activate</Trans></button>}
        {mayWrite(viewer) && can.has('EDIT') && <Link href={`/segments/${id}/edit`} className="button"><Trans>Edit</Trans></Link>}
        <Actions label={t`Actions for ${segment.name}`} text={t`Actions`} actions={actionsOf(segment)} />
      </PageHead>
      {segment.description && <p>{segment.description}</p>}
      <p className="muted small">
        {reach.status === 'CALCULATING' ? <><Trans>It is being computed.</Trans> <Progress value={reach.progress} label={t`Calculating ${segment.name}`} /></> : <Trans>As of {moment(freshness.asOf)}.</Trans>}{' '}
        {freshness.pendingChanges > 0 && <Plural value={freshness.pendingChanges} one="# change waits." other="# changes wait." />}{' '}
        <span title={moment(segment.lastModifiedAt)}>{word(segment.lastAction)} {ago(segment.lastModifiedAt)}</span>{segment.lastModifiedBy && `, ${segment.lastModifiedBy.name}`}.{' '}
        {segment.createdBy && t`Created by ${segment.createdBy.name}, ${word(segment.origin)}.`}
      </p>
      {reach.status === 'FAILED' && (
        <div className="note bad" role="alert">
          <div>
            <p><Trans>The last computation failed {ago(reach.error?.at)}: {reach.error?.message}</Trans></p>
            {can.has('RECALCULATE') && <p><button type="button" className="button small" onClick={() => start('RECALCULATE', [segment])}><Trans>Recalculate</Trans></button></p>}
          </div>
        </div>
      )}
      {error && <Failed error={error} again={refresh} />}
      <Tabs label={t`Parts of the segment`} tabs={TABS.map((name) => ({ key: name, href: `/segments/${id}${name && `/${name}`}`, text: texts[name], current: name === tab }))} />
      {tab === '' && <OverviewTab id={id} />}
      {tab === 'members' && <MembersTab segment={segment} />}
      {tab === 'automation' && <AutomationTab id={id} />}
      {tab === 'activity' && <ActivityTab id={id} />}
      {tab === 'compare' && <CompareTab segment={segment} />}
      {!(TABS as readonly string[]).includes(tab) && <Empty title={<Trans>There is no such page</Trans>}><Link href={`/segments/${id}`} className="button"><Trans>Go to the segment</Trans></Link></Empty>}
      {dialog}
    </>
  );
}

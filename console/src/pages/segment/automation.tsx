// What fills a segment by itself, and what works with it.
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';

import { useLiveEvents } from '../../api/events';
import { ago, count, moment } from '../../format';
import { graphql } from '../../gql';
import { Facts } from '../../ui/editing';
import { Card, Failed, Loading, Status } from '../../ui/parts';
import { word } from '../../words';
import { Dependents } from '../segments/steps';

const AutomationDocument = graphql(`
  query SegmentAutomation($id: ID!) {
    segment(id: $id) {
      id
      type
      criteriaSentence
      syncInterval
      nextSyncAt
      freshness {
        asOf
        lagSeconds
        pendingChanges
      }
      sources {
        kind
        memberCount
        blockedCount
        playbook {
          id
          name
          status
          criteriaSentence
        }
      }
    }
  }
`);

/** A duration of ISO 8601, such as PT6H, in short words. */
function spoken(duration: string): string {
  const [, days, hours, minutes] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?/.exec(duration) ?? [];
  return [days && `${days} d`, hours && `${hours} h`, minutes && `${minutes} min`].filter(Boolean).join(' ') || duration;
}

export function AutomationTab({ id }: { id: string }): ReactNode {
  const { t } = useLingui();
  const [{ data, error, fetching }, again] = useQuery({ query: AutomationDocument, variables: { id } });
  const refresh = (): void => again({ requestPolicy: 'network-only' });
  useLiveEvents(['PLAYBOOK_CHANGED', 'SEGMENT_UPDATED', 'REACH_READY'], refresh);
  const segment = data?.segment;
  if (!segment) return error ? <Failed error={error} again={refresh} /> : fetching ? <Loading rows={6} /> : null;
  const { freshness, sources } = segment;
  const about: Record<string, string> = {
    CRITERIA: segment.criteriaSentence ?? t`It has no criteria.`, MANUAL: t`Members that somebody added.`,
    IMPORT: t`Members of files that were imported into it.`, PLAYBOOK: '',
  };
  return (
    <>
      {error && <Failed error={error} again={refresh} />}
      <div className="overview">
        <Card title={<Trans>Where its members come from</Trans>} bare>
          <ul className="plain-list">
            {sources.map((source, index) => (
              <li key={index}>
                <div className="grow stack tight">
                  <span className="row"><strong>{word(source.kind)}</strong>{source.playbook && <><Link href={`/playbooks/${source.playbook.id}`}>{source.playbook.name}</Link><Status of={source.playbook.status} /></>}</span>
                  <span className="muted small">{source.playbook ? source.playbook.criteriaSentence : about[source.kind]}</span>
                </div>
                <span className="number">
                  <Plural value={source.memberCount} one="# member" other="# members" />
                  {source.blockedCount > 0 && <><br /><Link href={`/segments/${id}/members?view=blocked`} className="small"><Plural value={source.blockedCount} one="# kept out" other="# kept out" /></Link></>}
                </span>
              </li>
            ))}
            {sources.length === 0 && <li className="muted"><Trans>Nothing fills it yet.</Trans></li>}
          </ul>
        </Card>
        <Card title={<Trans>How fresh it is</Trans>}>
          <Facts
            of={[
              [t`As of`, moment(freshness.asOf)],
              [t`Changes that wait`, count(freshness.pendingChanges)],
              [t`Full computation`, segment.syncInterval ? t`every ${spoken(segment.syncInterval)}` : t`as the server is set up`],
              [t`The next one`, segment.nextSyncAt ? ago(segment.nextSyncAt) : '–'],
            ]}
          />
        </Card>
        <Card title={<Trans>What depends on it</Trans>}><Dependents id={id} /></Card>
      </div>
    </>
  );
}

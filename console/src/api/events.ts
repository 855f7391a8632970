// What happens in the workspace, for every page: changed segments go into the cache, and pages that show a list hear
// which kinds of things changed. Nothing is missed: the first cursor is taken before the first page asks for data.
import { useEffect, useRef, useSyncExternalStore } from 'react';
import type { Client } from 'urql';

import { graphql } from '../gql';
import type { SegmentEventsSubscription } from '../gql/graphql';
import { liveState, onLiveState, subscribeTo, type LiveState } from './live';

const StartCursor = graphql(`
  query StartCursor {
    workspaceEventCursor
  }
`);

export const LiveSegment = graphql(`
  fragment LiveSegment on Segment {
    id
    name
    status
    type
    purpose
    version
    revision
    memberCount
    campaignCount
    transitions
    lastAction
    lastModifiedAt
    lastModifiedBy {
      id
      name
    }
    reach {
      status
      total
      email
      directMail
      sms
      phone
      push
      asOf
      progress
      error {
        code
        message
        at
      }
    }
  }
`);

const SegmentEvents = graphql(`
  subscription SegmentEvents($after: String) {
    segmentEvents(after: $after) {
      cursor
      at
      revision
      segment {
        ...LiveSegment
      }
      ... on MembershipChanged {
        entered
        exited
      }
      ... on RunProgressed {
        progress
        phase
      }
      ... on ResyncRequired {
        reason
      }
    }
  }
`);

const WorkspaceEvents = graphql(`
  subscription WorkspaceEvents($after: String) {
    workspaceEvents(after: $after) {
      cursor
      at
      topic
      subjectId
    }
  }
`);


export type SegmentEvent = SegmentEventsSubscription['segmentEvents'];

type Heard = (event: { topic: string; subjectId: string | null; at: string }) => void;

const hearing = new Set<{ topics: readonly string[]; heard: Heard }>();
const segmentHearing = new Set<(event: SegmentEvent) => void>();
let lastEventAt: number | null = null;

function tell(topic: string, subjectId: string | null, at: string): void {
  lastEventAt = Date.now();
  for (const one of hearing) if (topic === 'RESYNC' || one.topics.includes(topic)) one.heard({ topic, subjectId, at });
}

/** When the last event came, in milliseconds, or null. */
export const lastHeard = (): number | null => lastEventAt;

/** Follow the workspace until the returned function is called. */
export function follow(client: Client, started: () => void): () => void {
  const ends: (() => void)[] = [];
  let stopped = false;
  void client
    .query(StartCursor, {}, { requestPolicy: 'network-only' })
    .toPromise()
    .then(({ data }) => {
      if (stopped) return;
      started();
      if (!data) return;
      const after = data.workspaceEventCursor;
      const { unsubscribe } = client.subscription(SegmentEvents, { after }).subscribe(({ data: got }) => {
        const event = got?.segmentEvents;
        if (!event) return;
        lastEventAt = Date.now();
        if (event.__typename === 'ResyncRequired') tell('RESYNC', null, event.at);
        for (const heard of segmentHearing) heard(event);
      });
      ends.push(unsubscribe);
      ends.push(
        subscribeTo(WorkspaceEvents, { after } as { after?: string | null }, {
          next: ({ data: got }) => {
            const event = got?.workspaceEvents;
            if (!event) return;
            if (event.__typename === 'WorkspaceResyncRequired') tell('RESYNC', null, event.at);
            else if (event.topic) tell(event.topic, event.subjectId ?? null, event.at);
          },
          error: () => undefined,
          complete: () => undefined,
        }),
      );
    });
  return () => {
    stopped = true;
    for (const end of ends) end();
  };
}

/** Call a function when one of these topics happens, at most once in half a second. */
export function useLiveEvents(topics: readonly string[], heard: () => void): void {
  const names = topics.join(' ');
  const latest = useRef(heard);
  latest.current = heard;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const one = {
      topics: names.split(' '),
      heard: () => {
        timer ??= setTimeout(() => {
          timer = null;
          latest.current();
        }, 500);
      },
    };
    hearing.add(one);
    return () => {
      hearing.delete(one);
      if (timer) clearTimeout(timer);
    };
  }, [names]);
}

/** Call a function for every event of segments. */
export function useSegmentEvents(heard: (event: SegmentEvent) => void): void {
  const latest = useRef(heard);
  latest.current = heard;
  useEffect(() => {
    const one = (event: SegmentEvent): void => latest.current(event);
    segmentHearing.add(one);
    return () => {
      segmentHearing.delete(one);
    };
  }, []);
}

export const useLiveState = (): LiveState => useSyncExternalStore(onLiveState, liveState);


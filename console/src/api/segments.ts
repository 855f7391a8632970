// What can be done with a segment.
import type { Client } from 'urql';

import { graphql } from '../gql';
import type { CreateExportInput } from '../gql/graphql';
import type { Problem } from '../ui/parts';

export const UsagesDocument = graphql(`
  query Usages($id: ID!) {
    segment(id: $id) {
      id
      name
      memberCount
      transitions
      usages {
        campaigns {
          id
          name
          status
          use
          holds
        }
        segments {
          id
          name
          status
          use
          holds
        }
        playbooks {
          id
          name
          status
          use
          holds
        }
        destinations {
          id
          name
          status
          use
          holds
        }
        hiddenCount
      }
    }
  }
`);

/** What a mutation of several segments did with each. */
export const SegmentOutcome = graphql(`
  fragment SegmentOutcome on SegmentResult {
    id
    segment {
      ...LiveSegment
    }
    errors {
      ...Wrong
    }
  }
`);

const Activate = graphql(`
  mutation ActivateSegments($input: SegmentIdsInput!) {
    activateSegments(input: $input) {
      results {
        ...SegmentOutcome
      }
      errors {
        ...Wrong
      }
    }
  }
`);
const Recalculate = graphql(`
  mutation RecalculateSegments($input: SegmentIdsInput!) {
    recalculateSegments(input: $input) {
      results {
        ...SegmentOutcome
      }
      errors {
        ...Wrong
      }
    }
  }
`);
const Pause = graphql(`
  mutation PauseSegments($input: SegmentIdsInput!) {
    pauseSegments(input: $input) {
      results {
        ...SegmentOutcome
      }
      errors {
        ...Wrong
      }
    }
  }
`);
const Resume = graphql(`
  mutation ResumeSegments($input: SegmentIdsInput!) {
    resumeSegments(input: $input) {
      results {
        ...SegmentOutcome
      }
      errors {
        ...Wrong
      }
    }
  }
`);
const Archive = graphql(`
  mutation ArchiveSegments($input: SegmentIdsInput!) {
    archiveSegments(input: $input) {
      results {
        ...SegmentOutcome
      }
      errors {
        ...Wrong
      }
    }
  }
`);
const Unarchive = graphql(`
  mutation UnarchiveSegments($input: SegmentIdsInput!) {
    unarchiveSegments(input: $input) {
      results {
        ...SegmentOutcome
      }
      errors {
        ...Wrong
      }
    }
  }
`);
const Delete = graphql(`
  mutation DeleteSegments($input: SegmentIdsInput!) {
    deleteSegments(input: $input) {
      results {
        ...SegmentOutcome
      }
      errors {
        ...Wrong
      }
    }
  }
`);
const Clone = graphql(`
  mutation CloneSegment($input: CloneSegmentInput!) {
    cloneSegment(input: $input) {
      segment {
        ...LiveSegment
      }
      errors {
        ...Wrong
      }
    }
  }
`);
const Export = graphql(`
  mutation CreateExport($input: CreateExportInput!) {
    createExport(input: $input) {
      export {
        id
        status
      }
      errors {
        ...Wrong
      }
    }
  }
`);
const ExportDocument = graphql(`
  query Export($id: ID!) {
    export(id: $id) {
      id
      status
      progress
      url
      error {
        message
      }
    }
  }
`);
const ExportEvents = graphql(`
  subscription ExportEvents($id: ID!) {
    exportEvents(exportId: $id) {
      id
      status
      progress
      url
      error {
        message
      }
    }
  }
`);

export type Step = 'ACTIVATE' | 'RECALCULATE' | 'PAUSE' | 'RESUME' | 'ARCHIVE' | 'UNARCHIVE' | 'DELETE';

const NETWORK: Problem = { code: 'NETWORK', message: '' };

/** What happened to one segment of several: nothing is wrong, or this. */
export interface Outcome { id: string; problems: readonly Problem[] }

interface Outcomes { results: readonly { id: string; errors: readonly Problem[] }[]; errors: readonly Problem[] }

/** How many segments one mutation takes. */
const MOST = 100;

/** Do one step with segments. Each is done or refused for itself. */
export async function take(client: Client, step: Step, ids: readonly string[]): Promise<readonly Outcome[]> {
  return inParts(ids, async (part) => {
    const input = { ids: [...part] };
    switch (step) {
      case 'ACTIVATE': return outcomesOf(part, await client.mutation(Activate, { input }).toPromise(), (d) => d.activateSegments);
      case 'RECALCULATE': return outcomesOf(part, await client.mutation(Recalculate, { input }).toPromise(), (d) => d.recalculateSegments);
      case 'PAUSE': return outcomesOf(part, await client.mutation(Pause, { input }).toPromise(), (d) => d.pauseSegments);
      case 'RESUME': return outcomesOf(part, await client.mutation(Resume, { input }).toPromise(), (d) => d.resumeSegments);
      case 'ARCHIVE': return outcomesOf(part, await client.mutation(Archive, { input }).toPromise(), (d) => d.archiveSegments);
      case 'UNARCHIVE': return outcomesOf(part, await client.mutation(Unarchive, { input }).toPromise(), (d) => d.unarchiveSegments);
      case 'DELETE': return outcomesOf(part, await client.mutation(Delete, { input }).toPromise(), (d) => d.deleteSegments);
    }
  });
}

export async function inParts(ids: readonly string[], run: (part: readonly string[]) => Promise<readonly Outcome[]>): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let start = 0; start < ids.length; start += MOST) outcomes.push(...(await run(ids.slice(start, start + MOST))));
  return outcomes;
}

export function outcomesOf<Data>(
  ids: readonly string[],
  result: { data?: Data | undefined; error?: { message: string; graphQLErrors: readonly { message: string }[] } | undefined },
  payloadOf: (data: Data) => Outcomes,
): readonly Outcome[] {
  const problems = problemsOf(result, payloadOf);
  if (problems.length || !result.data) return ids.map((id) => ({ id, problems }));
  return payloadOf(result.data).results.map(({ id, errors }) => ({ id, problems: errors }));
}

/** Errors of a mutation, whichever way they came. */
export function problemsOf<Data>(
  result: { data?: Data | undefined; error?: { message: string; graphQLErrors: readonly { message: string }[] } | undefined },
  payloadOf: (data: Data) => { errors: readonly Problem[] },
): readonly Problem[] {
  if (result.data) return payloadOf(result.data).errors;
  const message = result.error?.graphQLErrors[0]?.message ?? result.error?.message ?? '';
  return [{ ...NETWORK, message }];
}

export async function cloneSegment(client: Client, id: string, name: string): Promise<{ id: string | null; problems: readonly Problem[] }> {
  const result = await client.mutation(Clone, { input: { id, name } }).toPromise();
  return { id: result.data?.cloneSegment.segment?.id ?? null, problems: problemsOf(result, (d) => d.cloneSegment) };
}

/** Export a segment's members, wait for the file and download it. Returns what is wrong, if anything is. */
export async function exportSegment(client: Client, segmentId: string, input: Partial<CreateExportInput> = {}): Promise<string | null> {
  const result = await client.mutation(Export, { input: { segmentId, format: 'CSV', ...input } }).toPromise();
  const problem = problemsOf(result, (d) => d.createExport)[0];
  const id = result.data?.createExport.export?.id;
  if (problem || !id) return problem?.message ?? '';
  return new Promise((resolve) => {
    const { unsubscribe } = client.subscription(ExportEvents, { id }).subscribe(({ data, error }) => {
      if (error) resolve(error.message);
      const status = data?.exportEvents.status;
      if (!status || status === 'RUNNING') return;
      unsubscribe();
      void client.query(ExportDocument, { id }, { requestPolicy: 'network-only' }).toPromise().then(({ data: found }) => {
        const url = found?.export?.url;
        if (!url) return resolve(found?.export?.error?.message ?? '');
        const link = document.createElement('a');
        link.href = url;
        link.download = '';
        link.click();
        resolve(null);
      });
    });
  });
}

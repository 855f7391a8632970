// What can be done with a segment.
import type { Client } from 'urql';

import { graphql } from '../gql';
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

const Activate = graphql(`
  mutation ActivateSegment($input: SegmentIdInput!) {
    activateSegment(input: $input) {
      segment {
        ...LiveSegment
      }
      errors {
        code
        message
        path
      }
    }
  }
`);
const Recalculate = graphql(`
  mutation RecalculateSegment($input: SegmentIdInput!) {
    recalculateSegment(input: $input) {
      segment {
        ...LiveSegment
      }
      errors {
        code
        message
        path
      }
    }
  }
`);
const Pause = graphql(`
  mutation PauseSegment($input: SegmentIdInput!) {
    pauseSegment(input: $input) {
      segment {
        ...LiveSegment
      }
      errors {
        code
        message
        path
      }
    }
  }
`);
const Resume = graphql(`
  mutation ResumeSegment($input: SegmentIdInput!) {
    resumeSegment(input: $input) {
      segment {
        ...LiveSegment
      }
      errors {
        code
        message
        path
      }
    }
  }
`);
const Archive = graphql(`
  mutation ArchiveSegment($input: SegmentIdInput!) {
    archiveSegment(input: $input) {
      segment {
        ...LiveSegment
      }
      errors {
        code
        message
        path
      }
    }
  }
`);
const Unarchive = graphql(`
  mutation UnarchiveSegment($input: SegmentIdInput!) {
    unarchiveSegment(input: $input) {
      segment {
        ...LiveSegment
      }
      errors {
        code
        message
        path
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
        code
        message
        path
      }
    }
  }
`);
const Delete = graphql(`
  mutation DeleteSegment($input: SegmentIdInput!) {
    deleteSegment(input: $input) {
      deletedId
      errors {
        code
        message
        path
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
        code
        message
        path
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

/** Do one step with a segment. Returns what is wrong, if anything is. */
export async function take(client: Client, step: Step, id: string): Promise<readonly Problem[]> {
  const input = { id };
  switch (step) {
    case 'ACTIVATE': return problemsOf(await client.mutation(Activate, { input }).toPromise(), (d) => d.activateSegment);
    case 'RECALCULATE': return problemsOf(await client.mutation(Recalculate, { input }).toPromise(), (d) => d.recalculateSegment);
    case 'PAUSE': return problemsOf(await client.mutation(Pause, { input }).toPromise(), (d) => d.pauseSegment);
    case 'RESUME': return problemsOf(await client.mutation(Resume, { input }).toPromise(), (d) => d.resumeSegment);
    case 'ARCHIVE': return problemsOf(await client.mutation(Archive, { input }).toPromise(), (d) => d.archiveSegment);
    case 'UNARCHIVE': return problemsOf(await client.mutation(Unarchive, { input }).toPromise(), (d) => d.unarchiveSegment);
    case 'DELETE': return problemsOf(await client.mutation(Delete, { input }).toPromise(), (d) => d.deleteSegment);
  }
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
export async function exportSegment(client: Client, segmentId: string, input: { format?: 'CSV' | 'JSON_LINES' } = {}): Promise<string | null> {
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

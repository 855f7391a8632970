// Who is signed in, and what they may do. The server decides; the console shows no button that it would refuse.
import { createContext, useContext } from 'react';

import { graphql } from '../gql';
import type { Permission, ViewerQuery } from '../gql/graphql';

export const ViewerDocument = graphql(`
  query Viewer {
    viewer {
      role
      scope
      permissions
      user {
        id
        name
        email
      }
      workspace {
        id
        name
        currency
        timeZone
      }
    }
  }
`);

export type Viewer = ViewerQuery['viewer'];

export const ViewerContext = createContext<Viewer | null>(null);

export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error('Nobody is signed in.');
  return viewer;
}

export const mayWrite = (viewer: Viewer): boolean => viewer.scope === 'WRITE' || viewer.scope === 'ADMIN';
export const isAdministrator = (viewer: Viewer): boolean => viewer.role === 'ADMIN' && viewer.scope === 'ADMIN';
export const may = (viewer: Viewer, permission: Permission): boolean => viewer.permissions.includes(permission);

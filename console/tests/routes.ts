// The addresses of all pages. Each is opened and looked at by axe; who adds a page adds its address.
export const routes: readonly string[] = [
  '/segments', '/segments?tab=drafts', '/segments?tab=archived', '/segments/new', '/members', '/campaigns', '/campaigns/new', '/playbooks', '/playbooks/new',
  '/imports', '/imports/report', '/catalogue', '/destinations', '/webhooks', '/access', '/settings', '/settings?tab=usage', '/settings?tab=audit', '/no-such-page',
];

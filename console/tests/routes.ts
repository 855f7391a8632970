// The addresses of all pages. Each is opened and looked at by axe; who adds a page adds its address.
export const routes: readonly string[] = ['/segments', '/segments?tab=drafts', '/segments?tab=archived', '/segments/new', '/no-such-page'];

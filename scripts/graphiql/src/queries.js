// What the page shows at first: one tab for each file, in the order of their names.
const texts = import.meta.glob('./queries/*.graphql', { query: '?raw', import: 'default', eager: true });

export const firstQueries = Object.keys(texts)
  .sort()
  .map((name) => texts[name]);

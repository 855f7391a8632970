// Runs the GraphQL-over-HTTP audits of the graphql-http package against a server and prints what they say.
import { serverAudits } from 'graphql-http';

const results = [];
for (const audit of serverAudits({ url: process.argv[2] })) {
  const { status, name, reason } = await audit.fn();
  results.push({ id: audit.id, status, name, reason });
}
console.log(JSON.stringify(results));

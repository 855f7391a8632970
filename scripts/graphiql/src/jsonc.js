// Stands in for GraphiQL's own module, which formats JSON through prettier with a whole JavaScript parser
// (540 kB). The editors hold JSON with comments; jsonc-parser, which GraphiQL reads it with, formats it too.
import { applyEdits, format } from 'jsonc-parser';

export { parseJSONC, tryParseJSONC } from '../node_modules/@graphiql/react/dist/utility/jsonc.js';

export async function formatJSONC(content) {
  return applyEdits(content, format(content, undefined, { tabSize: 2, insertSpaces: true, eol: '\n' }));
}

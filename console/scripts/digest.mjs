// Writes what the build was made from, so that a test without node sees when sources and build differ; and gives the
// server the console's documents. seggraph.console.build repeats the digest.
import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = `${root}../src/seggraph/console/static/`;
const OWN = ['package.json', 'package-lock.json', 'tsconfig.json', 'codegen.ts', 'vite.config.ts', 'lingui.config.ts', 'index.html'];

function filesOf(folder) {
  return readdirSync(root + folder).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (path === 'src/gql' || path.startsWith('src/locales/') && path.endsWith('.ts')) return [];
    return statSync(root + path).isDirectory() ? filesOf(path) : [path];
  });
}

const hash = createHash('sha256');
for (const path of [...OWN, ...filesOf('src'), ...filesOf('scripts'), '../schema.graphql'].sort()) {
  hash.update(`${path}\0`).update(readFileSync(root + path)).update('\0');
}
writeFileSync(`${target}build.json`, `${JSON.stringify({ sources: hash.digest('hex') })}\n`);
copyFileSync(`${root}src/gql/persisted-documents.json`, `${target}documents.json`);

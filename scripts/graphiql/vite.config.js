import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vite';

const ownJSONC = fileURLToPath(new URL('./src/jsonc.js', import.meta.url));

const lighterJSONC = {
  name: 'lighter-jsonc',
  enforce: 'pre',
  async resolveId(source, importer) {
    const isGraphiQLs = /\/jsonc(\.js)?$/.test(source) && importer?.includes('@graphiql/react');
    return isGraphiQLs ? ownJSONC : null;
  },
};

// Parts of the Monaco editor that a GraphQL page has no use for.
const UNUSED = new RegExp(
  '/(diffEditor\\.contribution|colorContributions|standaloneColorPickerActions|copyPasteContribution|' +
    'dropIntoEditorContribution|inlineEdits?\\.contribution|codelensController|rename|stickyScrollContribution|' +
    'inlayHintsContribution|documentSemanticTokens|viewportSemanticTokens|sectionHeaders|inPlaceReplace|' +
    'standaloneReferenceSearch|iPadShowKeyboard|inspectTokens|diffEditorBreadcrumbs/browser/contribution)\\.js$',
);

const withoutUnused = {
  name: 'without-unused-editor-parts',
  enforce: 'pre',
  resolveId(source, importer) {
    const isList = /\/(editor\.all|edcore\.main)\.js$/.test(importer ?? '');
    return isList && UNUSED.test(source) ? '\0unused' : null;
  },
  load(id) {
    return id === '\0unused' ? '' : null;
  },
};

export default defineConfig({
  // Relative addresses: the page works under whatever path the API is mounted.
  base: './',
  plugins: [lighterJSONC, withoutUnused],
  build: {
    outDir: '../../src/seggraph/transport/static/graphiql',
    emptyOutDir: true,
    // The content security policy allows no data: fonts or scripts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 4000,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
    rolldownOptions: { onwarn: (warning, warn) => warning.code !== 'MODULE_LEVEL_DIRECTIVE' && warn(warning) },
  },
  worker: { format: 'es' },
});

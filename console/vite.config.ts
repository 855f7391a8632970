import babel from '@rolldown/plugin-babel';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// React Aria speaks 30 languages; the console speaks two.
const OTHER_LANGUAGES = /\/intl\/(?!en-US|de-DE)[a-z]{2}-[A-Z]{2}\.(mjs|js|json)$|\/(?!en-US|de-DE)[a-z]{2}-[A-Z]{2}\.(mjs|main\.js|module\.js)$/;

const withoutOtherLanguages = {
  name: 'without-other-languages',
  enforce: 'pre' as const,
  resolveId(source: string, importer?: string) {
    return importer?.includes('react-aria') && OTHER_LANGUAGES.test(source) ? '\0no-language' : null;
  },
  load(id: string) {
    return id === '\0no-language' ? 'export default {};' : null;
  },
};

export default defineConfig({
  // Relative addresses: the page works under whatever path the server is mounted.
  base: './',
  plugins: [
    withoutOtherLanguages,
    babel({ include: /src\/.*\.tsx?$/, plugins: ['@lingui/babel-plugin-lingui-macro'] }),
    react(),
  ],
  html: { cspNonce: '{nonce}' },
  build: {
    outDir: '../src/seggraph/console/static',
    emptyOutDir: true,
    // The content security policy allows no data: fonts or scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    license: { fileName: 'licenses.md' },
    chunkSizeWarningLimit: 700,
  },
});

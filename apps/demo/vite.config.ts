import { defineConfig, defaultClientConditions } from 'vite';

export default defineConfig({
  // Works in any folder of any web server.
  base: './',
  resolve: { conditions: ['@espalier/source', ...defaultClientConditions] },
  worker: { format: 'es' },
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 1500, modulePreload: { polyfill: false } },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});

import { defineConfig } from 'vite';
import { compressFiles } from './src/local/page/compress-files.ts';
import { limitFirstLoad } from './src/local/page/limit-first-load.ts';
import { rememberSources } from './src/local/page/remember-sources.ts';

// The dashboard: built into dist/dashboard, from where the gateway serves it.
export default defineConfig(({ command }) => {
  // Whatever the shell says: a development build of React is several times as long.
  if (command === 'build') process.env['NODE_ENV'] = 'production';
  const gateway = process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:8080';
  return {
    root: 'src/dashboard',
    // Nothing of the environment belongs into the page.
    envDir: false,
    build: {
      outDir: '../../dist/dashboard',
      emptyOutDir: true,
      target: 'es2022',
      // The page's Content-Security-Policy takes nothing but files of the gateway.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
    plugins: [limitFirstLoad(), compressFiles(), rememberSources()],
    server: {
      // `npm run dev:dashboard`: the page from its sources, and everything else from a gateway that takes it for its own page.
      proxy: {
        '/graphql': { target: gateway, changeOrigin: true, ws: true, headers: { origin: gateway } },
        '/health': { target: gateway, changeOrigin: true },
      },
    },
  };
});

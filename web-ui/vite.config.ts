// How the page is built and, for work on it, served beside a CalDAV server of one's own.
import { defineConfig } from 'vitest/config';

// Only `vite dev` and `vite preview` use this: every DAV path goes to the server under test.
const server = process.env.CALDAV_URL ?? 'http://127.0.0.1:8080';
const proxy = Object.fromEntries(
  ['/principals', '/calendars', '/users', '/groups', '/.well-known', '/links'].map((path) => [
    path,
    { target: server, changeOrigin: true },
  ]),
);

export default defineConfig({
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    target: 'es2022',
    // One script and one style sheet: one round of requests, and a manifest of nothing to inline.
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rollupOptions: { output: { inlineDynamicImports: true } },
  },
  server: { proxy },
  preview: { proxy },
  test: { include: ['tests/unit/**/*.test.{ts,tsx}'], environment: 'jsdom' },
});

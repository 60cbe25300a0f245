/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** The server that the development server and the preview speak to. */
const server = process.env.VIVA_URL ?? 'http://127.0.0.1:8482';

/** Paths that the server answers itself. `Host` stays as the browser sent it: the CSRF defence compares it with `Origin`. */
const proxy = Object.fromEntries(
  ['^/api/', '^/v1/', '^/docs(/|$)', '^/login/.', '^/(healthz|readyz|metrics)$', '^/llms'].map((path) => [
    path,
    { target: server, changeOrigin: false },
  ]),
);

/** The policy that the server sends with the page, so that the preview breaks where the real page would. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  resolve: {
    alias: { $: fileURLToPath(new URL('./src', import.meta.url)) },
    // Components under test run in a simulated browser, not on a server.
    conditions: mode === 'test' ? ['browser'] : undefined,
  },
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome123', 'firefox125', 'safari17.5'],
    reportCompressedSize: true,
  },
  server: { host: '127.0.0.1', port: 5173, proxy },
  preview: { host: '127.0.0.1', port: 4173, proxy, headers: { 'content-security-policy': policy } },
  test: { environment: 'jsdom', include: ['src/**/*.test.ts'] },
}));

import { defineConfig } from 'vite'

/** The dashboard is built into dashboard/dist, from where the gateway serves it. Nothing is fetched from elsewhere, nothing is inline. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy allows neither data: scripts nor inline styles.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: true,
  },
  // `npm run dev:dashboard` beside a running gateway.
  server: { proxy: { '/api': { target: process.env['LIMEN_URL'] ?? 'http://127.0.0.1:8080', ws: true }, '/metrics': process.env['LIMEN_URL'] ?? 'http://127.0.0.1:8080', '/login': process.env['LIMEN_URL'] ?? 'http://127.0.0.1:8080' } },
})

import { defineConfig } from 'vite'
import type { Plugin } from 'vite'

/** Vite wraps each `import()` in a loader of styles and preloads; there is one style sheet, which is in the page already. */
const plainImports: Plugin = {
  name: 'plain-imports',
  enforce: 'pre',
  apply: 'build',
  load: (id) => (id.includes('vite/preload-helper') ? 'export const __vitePreload = (load) => load()' : undefined),
}

/** The dashboard is built into dashboard/dist, from where the gateway serves it. Nothing is fetched from elsewhere, nothing is inline. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  // Each element is written shorter so than by the automatic runtime: some 0.9 KB of all, gzipped.
  oxc: { jsx: { runtime: 'classic', development: false, pragma: '_h', pragmaFrag: '_Fragment' }, jsxInject: "import { h as _h, Fragment as _Fragment } from 'preact'" },
  plugins: [plainImports],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy allows neither data: scripts nor inline styles.
    assetsInlineLimit: 0,
    // All of it is smaller than one of the scripts, and a page that comes later does not jump.
    cssCodeSplit: false,
    modulePreload: false,
    reportCompressedSize: true,
    // What both need is in the first script: a third one for it would be fetched before anything is shown.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'index', test: /node_modules|dashboard\/src\/(?:alarms\/(?!alarm-chart|chart-span|limits)|data|overview|parts)|dashboard\/src\/[^/]+$/ }] } } },
  },
  // `npm run dev:dashboard` beside a running gateway.
  server: { proxy: { '/api': { target: process.env['LIMEN_URL'] ?? 'http://127.0.0.1:8080', ws: true }, '/metrics': process.env['LIMEN_URL'] ?? 'http://127.0.0.1:8080', '/login': process.env['LIMEN_URL'] ?? 'http://127.0.0.1:8080' } },
})

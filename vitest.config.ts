import { defineConfig } from 'vitest/config'

/** Tier one: needs nothing but npm. Tier two (`npm run test:system`) lives in vitest.system.config.ts. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/system/**', 'test/browser/**', '**/node_modules/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Many tests wait for processes of their own: a third worker uses two cores where two leave a quarter of them idle.
    maxWorkers: 3,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  },
})

import { defineConfig } from 'vitest/config'

/** Tier one: needs nothing but npm. Tier two (`npm run test:system`) lives in vitest.system.config.ts. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/system/**', 'test/browser/**', '**/node_modules/**'],
    setupFiles: ['test/support/chance.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 50_000 } },
    // Many tests wait for processes of their own: a third worker uses two cores where two leave a quarter of them idle.
    maxWorkers: 3,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  },
})

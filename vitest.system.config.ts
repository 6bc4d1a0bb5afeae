import { defineConfig } from 'vitest/config'

/** Tier two: the real InfluxDB, VictoriaMetrics, Mosquitto and Chromium; one file at a time. */
export default defineConfig({
  test: {
    include: ['test/system/**/*.test.ts', 'test/browser/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  },
})

import type { InfluxClient } from './client.ts'
import type { InfluxOptions } from './options.ts'

/** Loads the library that speaks the configured version, and only that. */
export async function connectInflux(options: InfluxOptions, timeoutMs: number): Promise<InfluxClient> {
  if (options.version === 1) {
    const { createClientV1 } = await import('./client-v1.ts')
    return createClientV1(options, timeoutMs)
  }
  const { createClientV2 } = await import('./client-v2.ts')
  return createClientV2(options, timeoutMs)
}

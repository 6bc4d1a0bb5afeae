import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { HttpError, InfluxDB } from '@influxdata/influxdb-client'
import { isLoopbackHost } from '../kernel/loopback.ts'
import type { Answer } from './answer.ts'
import { openDeadline, reasonOf } from './client.ts'
import type { InfluxClient } from './client.ts'
import type { InfluxOptions } from './options.ts'

/** Bodies above this are compressed on their way to another machine; on this one it would only cost time. */
const gzipAboveBytes = 1_000

/**
 * InfluxDB 2 and 3 through `@influxdata/influxdb-client`: its transport, not its write buffer, which drops every status
 * below 429, reads Retry-After as milliseconds and takes a 201 for success (docs/decisions/influx-clients.md).
 */
export function createClientV2(options: InfluxOptions & { readonly version: 2 }, timeoutMs: number): InfluxClient {
  const url = new URL(options.url)
  const agent = url.protocol === 'https:' ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
  const influx = new InfluxDB({ url: options.url, token: options.token.reveal(), timeout: timeoutMs, transportOptions: { agent } })
  const { path } = influx.getWriteApi(options.org, options.bucket, 'ns', { maxRetries: 0, flushInterval: 0 })
  const local = isLoopbackHost(url.hostname)

  return {
    write(body, signal) {
      // The library reports its own time-out without ending the request; the signal does both.
      const deadline = openDeadline(signal, timeoutMs)
      return new Promise<Answer>((settle) => {
        const resolve = (answer: Answer): void => {
          deadline.end()
          settle(answer)
        }
        let status = 0
        let retryAfter: string | undefined
        const chunks: Uint8Array[] = []
        influx.transport.send(
          path,
          body,
          {
            method: 'POST',
            headers: { 'content-type': 'text/plain; charset=utf-8' },
            signal: deadline.signal,
            ...(local ? {} : { gzipThreshold: gzipAboveBytes }),
          },
          {
            responseStarted(headers, statusCode) {
              status = statusCode ?? 0
              retryAfter = headers['retry-after']?.toString()
            },
            next(chunk: unknown) {
              chunks.push(chunk as Uint8Array)
            },
            complete() {
              resolve({ kind: 'http', status, retryAfter, body: Buffer.concat(chunks).toString() })
            },
            error(error) {
              if (error instanceof HttpError) resolve({ kind: 'http', status: error.statusCode, retryAfter, body: error.body ?? '' })
              else if (deadline.signal.aborted) resolve({ kind: 'none', reason: reasonOf(deadline.signal.reason) })
              else resolve({ kind: 'none', reason: status === 0 ? reasonOf(error) : 'connection lost in the middle of the answer' })
            },
          },
        )
      })
    },
    close() {
      agent.destroy()
    },
  }
}

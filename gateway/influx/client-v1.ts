import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Agent as HttpAgent } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { InfluxDB } from 'influx'
import type { Answer } from './answer.ts'
import { openDeadline, reasonOf } from './client.ts'
import type { InfluxClient } from './client.ts'
import type { InfluxOptions } from './options.ts'

/** Of an answer's body so much is kept, characters: one refused line of the longest topic, repeated by the server, fits. */
const longestBody = 262_144

/** Node's own channel for responses to `http.request` (docs of node:diagnostics_channel). */
const responses = 'http.client.response.finish'

/** The library never sets a host aside when the first delay of its backoff is 0; and no timer of its own then runs. */
const neverDisableHosts = { getDelay: () => 0, next: () => neverDisableHosts, reset: () => neverDisableHosts }

/**
 * InfluxDB 1 through `influx`. The library throws away status, headers and body of a 5xx, so the response is also
 * read from Node's diagnostics channel, told apart by our agent (docs/decisions/influx-clients.md).
 */
export function createClientV1(options: InfluxOptions & { readonly version: 1 }, timeoutMs: number): InfluxClient {
  const url = new URL(options.url)
  const agent = url.protocol === 'https:' ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
  let onResponse: ((response: IncomingMessage) => void) | undefined

  function heard(message: unknown): void {
    const { request, response } = message as { request: ClientRequest & { agent?: unknown }; response: IncomingMessage }
    if (request.agent === agent) onResponse?.(response)
  }

  /** A client a write: it holds no connection (the agent does), and so takes the signal of this one request. */
  function client(signal: AbortSignal): InfluxDB {
    return new InfluxDB({
      hosts: [
        {
          protocol: url.protocol === 'https:' ? 'https' : 'http',
          host: url.hostname,
          port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
          path: url.pathname.replace(/\/+$/, ''),
          options: { agent, signal, headers: { 'content-type': 'text/plain; charset=utf-8' } },
        },
      ],
      database: options.database,
      // null, not undefined: the library would fill in root/root.
      username: options.username ?? (null as unknown as string),
      password: options.password?.reveal() ?? '',
      pool: { maxRetries: 0, requestTimeout: timeoutMs, backoff: neverDisableHosts },
    })
  }

  return {
    write(body, signal) {
      const deadline = openDeadline(signal, timeoutMs)
      return new Promise<Answer>((resolve) => {
        let answered = false
        const finish = (answer: Answer): void => {
          onResponse = undefined
          unsubscribe(responses, heard)
          deadline.end()
          resolve(answer)
        }
        function listen(response: IncomingMessage): void {
          answered = true
          let text = ''
          response.on('data', (chunk: string | Buffer) => {
            if (text.length < longestBody) text += chunk.toString()
          })
          response.once('close', () => {
            finish(
              response.complete
                ? { kind: 'http', status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], body: text.slice(0, longestBody) }
                : { kind: 'none', reason: 'connection lost in the middle of the answer' },
            )
          })
        }
        onResponse = listen
        subscribe(responses, heard)
        // The library writes a point's measurement as it is: lines that were built before go through unchanged, in one request.
        client(deadline.signal)
          .writePoints([{ measurement: body }])
          .then(
            () => undefined,
            (error: unknown) => {
              // Once a response has begun, `close` above tells how it ended.
              if (!answered) finish({ kind: 'none', reason: reasonOf(deadline.signal.aborted ? deadline.signal.reason : error) })
            },
          )
      })
    },
    close() {
      agent.destroy()
    },
  }
}

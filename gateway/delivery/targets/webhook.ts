import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import { isIP } from 'node:net'
import type { Clock } from '../../kernel/clock.ts'
import type { Delivery, DeliveryOutcome, Target } from '../../kernel/contracts.ts'
import { asError } from '../../kernel/errors.ts'
import { retryAfterMs } from '../../kernel/retry.ts'
import type { Secret } from '../../kernel/secret.ts'
import { isPrivateAddress, publicOnlyLookup } from '../private-address.ts'
import { sign, signingKey } from '../signature.ts'

export interface WebhookOptions {
  /** http: or https: */
  readonly url: string
  /** `whsec_…` is base64 after the prefix, anything else is taken as it is; undefined: unsigned. */
  readonly secret: Secret | undefined
  /** Loopback, private, link-local and metadata addresses too; for receivers on the site's own network. */
  readonly allowPrivate: boolean
}

export interface WebhookDeps {
  readonly clock: Clock
  /** Resolves names to public addresses only; the system's unless a test hands in its own. */
  readonly lookup?: LookupFunction
}

/** Of an answer's body only the beginning is of interest: for the dead letter. */
const answerBytes = 200
/** A longer body is not read to its end; its connection is closed instead of kept. */
const longestBodyBytes = 64 * 1024

interface Answer { readonly status: number; readonly retryAfter: string | undefined; readonly text: string }

/**
 * POST application/cloudevents+json, one event a request, signed as Standard Webhooks asks (interface.md).
 * 2xx accepted; 408, 425, 429, 5xx and network errors are tried again; redirects are not followed; all else is refused.
 * Certificates are verified; connections are kept alive.
 */
export function createWebhook(options: WebhookOptions, deps: WebhookDeps): Target {
  const url = new URL(options.url)
  const key = options.secret === undefined ? undefined : signingKey(options.secret.reveal())
  const lookup = options.allowPrivate ? undefined : (deps.lookup ?? publicOnlyLookup())
  let agent: Agent | undefined

  async function send(delivery: Delivery, signal: AbortSignal): Promise<DeliveryOutcome> {
    // node:net asks no lookup for a literal address.
    if (!options.allowPrivate && isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0 && isPrivateAddress(url.hostname)) {
      return { kind: 'refused', reason: privateReason(`${url.hostname} is not a public address`) }
    }
    try {
      return outcomeOf(await post(delivery, signal))
    } catch (thrown) {
      const error = asError(thrown)
      const code = 'code' in error ? String(error.code) : undefined
      if (code === 'LIMEN_PRIVATE_ADDRESS') return { kind: 'refused', reason: privateReason(error.message) }
      const reason = signal.aborted ? asError(signal.reason).message : error.message === '' ? (code ?? error.name) : error.message
      return { kind: 'retry', reason }
    }
  }

  async function post(delivery: Delivery, signal: AbortSignal): Promise<Answer> {
    const { request, Agent: AgentOf } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
    agent ??= new AgentOf({ keepAlive: true, maxFreeSockets: 4, timeout: 60_000 })
    const body = JSON.stringify(delivery.event)
    const timestampS = Math.floor(deps.clock.wall() / 1_000)
    const headers: Record<string, string | number> = {
      'content-type': 'application/cloudevents+json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'limen',
      'webhook-id': delivery.idempotencyKey,
      'webhook-timestamp': timestampS,
    }
    if (key !== undefined) headers['webhook-signature'] = sign(key, { id: delivery.idempotencyKey, timestampS, body })
    const attempt = (): Promise<Answer> => {
      const call = request(url, { method: 'POST', headers, signal, ...(agent === undefined ? {} : { agent }), ...(lookup === undefined ? {} : { lookup }) })
      return answerOf(call, body)
    }
    try {
      return await attempt()
    } catch (thrown) {
      // The server had closed the kept connection just when we took it; a fresh one is worth a try at once.
      if (thrown instanceof StaleConnection && !signal.aborted) return await attempt()
      throw thrown
    }
  }

  function outcomeOf({ status, retryAfter, text }: Answer): DeliveryOutcome {
    if (status >= 200 && status < 300) return { kind: 'accepted', answer: `HTTP ${status}` }
    const reason = text === '' ? `HTTP ${status}` : `HTTP ${status}: ${text}`
    if (status === 408 || status === 425 || status === 429 || status >= 500) {
      const afterMs = retryAfterMs(retryAfter, deps.clock.wall())
      return afterMs === undefined ? { kind: 'retry', reason } : { kind: 'retry', reason, afterMs }
    }
    if (status >= 300 && status < 400) return { kind: 'refused', reason: `HTTP ${status}: redirects are not followed; configure the address it leads to` }
    return { kind: 'refused', reason }
  }

  return {
    async send(batch, signal) {
      const outcomes: DeliveryOutcome[] = []
      for (const delivery of batch) outcomes.push(await send(delivery, signal))
      return outcomes
    },
    async stop() {
      agent?.destroy()
      agent = undefined
    },
  }
}

class StaleConnection extends Error {}

function answerOf(call: ClientRequest, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    call.on('error', (error: NodeJS.ErrnoException) => reject(call.reusedSocket && error.code === 'ECONNRESET' ? new StaleConnection(error.message, { cause: error }) : error))
    call.on('response', (response) => {
      readBeginning(response).then(
        (text) => resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], text }),
        reject,
      )
    })
    call.end(body)
  })
}

/** The first characters of the body, on one line; reads the rest away so that the connection can be kept. */
async function readBeginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let kept = 0
  let seen = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (kept < answerBytes) chunks.push(chunk.subarray(0, answerBytes - kept))
    kept += chunk.length
    seen += chunk.length
    // Leaving the loop destroys the response and its socket.
    if (seen > longestBodyBytes) break
  }
  // eslint-disable-next-line no-control-regex -- a server's words go into logs and terminals
  return Buffer.concat(chunks).toString('utf8').replace(/[\u0000-\u001f\u007f\s]+/g, ' ').trim()
}

function privateReason(what: string): string {
  return `${what}; write allowPrivate: true at the target if it may be sent there`
}

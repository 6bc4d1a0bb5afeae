import { Agent, request as send } from 'node:http'

/** What the gateway answered; `detail` is its own words. */
export class ApiError extends Error {
  readonly status: number
  constructor(status: number, detail: string) {
    super(detail)
    this.name = 'ApiError'
    this.status = status
  }
}

export interface Api {
  /** POST under `/api/v1`. Resolves with the JSON of a 2xx answer, rejects with ApiError of any other, or with why there was none. */
  post(path: string, body: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>
  stop(): void
}

const timeoutMs = 10_000
const maxWaiting = 200
const maxAnswerBytes = 1_048_576

export function createApi(options: { readonly url: string; readonly token: string }): Api {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  let waiting = 0

  function exchange(path: string, text: string): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const url = new URL(`/api/v1/${path}`, options.url)
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        ...(options.token === '' ? {} : { authorization: `Bearer ${options.token}` }),
      }
      const request = send(url, { method: 'POST', agent, headers, timeout: timeoutMs }, (response) => {
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > maxAnswerBytes) request.destroy(new Error('the answer is larger than expected'))
          else chunks.push(chunk)
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
        response.on('error', reject)
      })
      request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs / 1_000} s`)))
      request.on('error', reject)
      request.end(text)
    })
  }

  return {
    async post(path, body) {
      if (waiting >= maxWaiting) throw new Error(`${maxWaiting} requests wait for the gateway already; this one was not sent`)
      waiting++
      try {
        const { status, text } = await exchange(path, JSON.stringify(body)).catch((cause: unknown) => {
          throw new Error(`the gateway did not answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
        })
        const answer = membersOf(text)
        if (status >= 200 && status < 300) return answer
        throw new ApiError(status, typeof answer['detail'] === 'string' ? answer['detail'] : `the gateway answered ${status}`)
      } finally {
        waiting--
      }
    },
    stop: () => agent.destroy(),
  }
}

function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const given: unknown = JSON.parse(text)
    return typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {}
  } catch {
    // No JSON: the status says it all.
    return {}
  }
}

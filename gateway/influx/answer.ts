import { retryAfterMs } from '../kernel/retry.ts'

const longestWords = 1_000

/** What came of one write request. */
export type Answer =
  | { readonly kind: 'http'; readonly status: number; readonly retryAfter: string | undefined; readonly body: string }
  /** No whole answer: connection refused or lost, time-out, aborted. */
  | { readonly kind: 'none'; readonly reason: string }

/** What it means for the lines that were sent (the table in delivery.md "InfluxDB"). */
export type Verdict =
  | { readonly kind: 'written' }
  /** Some lines are bad (`all`: every one of them), the others may be stored already. */
  | { readonly kind: 'bad-lines'; readonly all: boolean; readonly words: string }
  | { readonly kind: 'too-large'; readonly words: string }
  /** Nothing about the lines: credentials, database, or no InfluxDB at all at this address. */
  | { readonly kind: 'refuses-us'; readonly status: number; readonly words: string }
  | { readonly kind: 'later'; readonly words: string; readonly afterMs: number | undefined }

/** `lines`: how many the request held. `wallMs`: now, for a Retry-After that is a date. */
export function judge(answer: Answer, lines: number, wallMs: number): Verdict {
  if (answer.kind === 'none') return { kind: 'later', words: answer.reason, afterMs: undefined }
  const { status, body } = answer
  const words = `${status} ${serverWords(body)}`.trim()
  switch (status) {
    case 204:
      return { kind: 'written' }
    case 201:
      return reportsErrors(body) ? { kind: 'bad-lines', all: lines === 1, words } : { kind: 'written' }
    case 400:
    case 422:
      return { kind: 'bad-lines', all: lines === 1 || droppedLines(body) === lines, words }
    case 413:
      return { kind: 'too-large', words }
    case 408:
    case 425:
    case 429:
    case 503:
      return { kind: 'later', words, afterMs: retryAfterMs(answer.retryAfter, wallMs) }
    case 500:
      // InfluxDB Enterprise says so of lines it has taken; its own client lets it pass too.
      if (body.includes('hinted handoff queue not empty')) return { kind: 'written' }
      return { kind: 'later', words, afterMs: undefined }
    default:
      return status >= 500 ? { kind: 'later', words, afterMs: undefined } : { kind: 'refuses-us', status, words }
  }
}

/**
 * The server's explanation: `error` (v1, v3) or `message` (v2) of a JSON body, else the text. Of a long one the middle is
 * left out: InfluxDB repeats the whole line before it says what was wrong with it.
 */
export function serverWords(body: string): string {
  const parsed = parseObject(body)
  const said = parsed?.['error'] ?? parsed?.['message']
  const text = typeof said === 'string' ? said : body
  // v3 lists the lines it refused beside its summary.
  const details = typeof said === 'string' && parsed?.['data'] !== undefined ? ` ${JSON.stringify(parsed['data'])}` : ''
  const words = `${text}${details}`.replace(/\s+/g, ' ').trim()
  return words.length <= longestWords ? words : `${words.slice(0, longestWords / 2)} … ${words.slice(-longestWords / 2)}`
}

function reportsErrors(body: string): boolean {
  const parsed = parseObject(body)
  if (parsed === undefined) return /error|partial|invalid/i.test(body)
  const errors = parsed['errors']
  return parsed['error'] !== undefined || (Array.isArray(errors) ? errors.length > 0 : errors !== undefined)
}

/** `partial write: points beyond retention policy dropped=3` (InfluxDB 1). */
function droppedLines(body: string): number | undefined {
  const match = /partial write: [^\n]* dropped=(\d{1,9})\b/.exec(serverWords(body))
  return match === null ? undefined : Number(match[1])
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    // Cut off or not JSON after all: it is shown as it came.
    return undefined
  }
}

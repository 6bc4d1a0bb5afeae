import { describe, expect, it } from 'vitest'
import type { Answer } from '../../gateway/influx/answer.ts'
import { judge, serverWords } from '../../gateway/influx/answer.ts'

const now = Date.UTC(2026, 0, 1)

function http(status: number, body = '', retryAfter?: string): Answer {
  return { kind: 'http', status, body, retryAfter }
}

describe('judge', () => {
  it.each<[Answer, object]>([
    [http(204), { kind: 'written' }],
    [http(201), { kind: 'written' }],
    [http(201, '{"errors":[]}'), { kind: 'written' }],
    [http(201, '{"error":"partial write of line protocol occurred","data":[{"line_number":2}]}'), { kind: 'bad-lines', all: false, words: '201 partial write of line protocol occurred [{"line_number":2}]' }],
    [http(201, '{"errors":["x"]}'), { kind: 'bad-lines', all: false }],
    [http(201, 'partial write'), { kind: 'bad-lines', all: false }],
    [http(400, '{"error":"unable to parse \'x\': missing fields"}'), { kind: 'bad-lines', all: false, words: "400 unable to parse 'x': missing fields" }],
    [http(422, '{"code":"unprocessable entity","message":"outside retention"}'), { kind: 'bad-lines', all: false, words: '422 outside retention' }],
    [http(413, '{"error":"Request Entity Too Large"}'), { kind: 'too-large', words: '413 Request Entity Too Large' }],
    [http(401, '{"error":"authorization failed"}'), { kind: 'refuses-us', status: 401, words: '401 authorization failed' }],
    [http(403), { kind: 'refuses-us', status: 403, words: '403' }],
    [http(404, '{"error":"database not found: \\"limen\\""}'), { kind: 'refuses-us', status: 404, words: '404 database not found: "limen"' }],
    [http(200, '<html>a portal'), { kind: 'refuses-us', status: 200 }],
    [http(302), { kind: 'refuses-us', status: 302 }],
    [http(405), { kind: 'refuses-us', status: 405 }],
    [http(408), { kind: 'later', afterMs: undefined }],
    [http(429, '', '30'), { kind: 'later', afterMs: 30_000 }],
    [http(429), { kind: 'later', afterMs: undefined }],
    [http(503, '', 'Thu, 01 Jan 2026 00:00:10 GMT'), { kind: 'later', afterMs: 10_000 }],
    [http(503, 'busy', 'whenever'), { kind: 'later', words: '503 busy', afterMs: undefined }],
    [http(500, '{"error":"timeout"}'), { kind: 'later', words: '500 timeout' }],
    [http(500, '{"error":"hinted handoff queue not empty"}'), { kind: 'written' }],
    [http(502), { kind: 'later' }],
    [http(599), { kind: 'later' }],
    [{ kind: 'none', reason: 'connect ECONNREFUSED' }, { kind: 'later', words: 'connect ECONNREFUSED', afterMs: undefined }],
  ])('of %j is %j', (answer, expected) => {
    expect(judge(answer, 10, now)).toMatchObject(expected)
  })

  it('knows that every line is bad when there was one, or when InfluxDB 1 counts as many', () => {
    const body = '{"error":"partial write: points beyond retention policy dropped=10"}'
    expect(judge(http(400, body), 10, now)).toMatchObject({ kind: 'bad-lines', all: true })
    expect(judge(http(400, body), 11, now)).toMatchObject({ kind: 'bad-lines', all: false })
    expect(judge(http(400, 'x'), 1, now)).toMatchObject({ all: true })
    expect(judge(http(201, '{"error":"x"}'), 1, now)).toMatchObject({ all: true })
  })
})

describe('serverWords', () => {
  it('are one line of bounded length, whatever came', () => {
    expect(serverWords(`{"error":"unable to parse 'm,\\n${'d'.repeat(65_000)}': max key length exceeded"}`)).toMatch(/^unable to parse 'm, d{400,500} … d{400,500}': max key length exceeded$/)
    expect(serverWords('{"error": broken\n json')).toBe('{"error": broken json')
    expect(serverWords('{"error":7}')).toBe('{"error":7}')
  })
})

/**
 * `curl` as far as the pages use it, on fetch: what the first tier of tests runs instead of the real one, which need not be there.
 * The second tier runs the real one. Fails (22) on an answer of 400 and more, as curl --fail-with-body does.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  options: {
    request: { type: 'string', short: 'X' }, header: { type: 'string', short: 'H', multiple: true }, data: { type: 'string', short: 'd' }, output: { type: 'string', short: 'o' },
    'no-buffer': { type: 'boolean', short: 'N' }, silent: { type: 'boolean', short: 's' }, 'show-error': { type: 'boolean', short: 'S' }, 'fail-with-body': { type: 'boolean' },
    get: { type: 'boolean', short: 'G' }, 'data-binary': { type: 'string' }, 'data-urlencode': { type: 'string', multiple: true },
  },
  allowPositionals: true,
})

const url = new URL(positionals[0] ?? '')
for (const pair of values['data-urlencode'] ?? []) url.searchParams.append(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
const headers = new Headers((values.header ?? []).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]))
const binary = values['data-binary']
const body = binary?.startsWith('@') === true ? readFileSync(binary.slice(1)) : (binary ?? values.data)
if (body !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/x-www-form-urlencoded')
const answer = await fetch(url, { method: values.request ?? (body === undefined ? 'GET' : 'POST'), headers, ...(body === undefined ? {} : { body }) })
if (values.output === undefined) for await (const chunk of answer.body ?? []) process.stdout.write(chunk as Uint8Array)
else writeFileSync(values.output, Buffer.from(await answer.arrayBuffer()))
if (!answer.ok) {
  process.stderr.write(`curl: (22) The requested URL returned error: ${answer.status}\n`)
  process.exitCode = 22
}

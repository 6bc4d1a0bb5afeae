import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openDashboardFiles } from '../../gateway/web/dashboard-files.ts'
import { tempDir } from '../support/temp-dir.ts'
import { webScene } from '../support/web-scene.ts'

const script = `export const a = ${JSON.stringify('alarm '.repeat(500))}\n`
const page = '<!doctype html><script type="module" src="/assets/app-1a2b.js"></script>'

function builtDashboard(): string {
  const dir = tempDir()
  mkdirSync(join(dir, 'assets', 'deep'), { recursive: true })
  writeFileSync(join(dir, 'index.html'), page)
  writeFileSync(join(dir, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  writeFileSync(join(dir, 'manifest.webmanifest'), '{"name":"Limen"}')
  writeFileSync(join(dir, '.secret.json'), '{}')
  writeFileSync(join(dir, 'assets', 'app-1a2b.js'), script)
  writeFileSync(join(dir, 'assets', 'app-1a2b.css'), 'body{}')
  writeFileSync(join(dir, 'assets', 'font-1a2b.woff2'), Buffer.from([0, 1, 254, 255]))
  writeFileSync(join(dir, 'assets', 'app.exe'), 'no')
  writeFileSync(join(dir, 'assets', 'deep', 'x.js'), 'no')
  return dir
}

const scene = (loopbackTrusted = true) => webScene({ dashboardDir: builtDashboard(), loopbackTrusted })

describe('the built dashboard', () => {
  it.each(['/', '/alarms', '/alarms/', '/alarms/hr-high.bed-1', '/devices', '/devices/bed%2F1/heart_rate', '/rules', '/rules/spo2-low', '/history', '/history/x', '/kpi', '/system', '/system/log'])('is what %s answers, never cached without asking', async (url) => {
    const { call } = scene()
    const answer = await call({ url })
    expect(answer).toMatchObject({ statusCode: 200, body: page, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache', vary: 'accept-encoding' } })
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
    const again = await call({ url, headers: { 'if-none-match': answer.headers.etag as string } })
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', answer.headers.etag])
    expect((await call({ url, headers: { 'if-none-match': 'W/"another"' } })).statusCode).toBe(200)
    const head = await call({ method: 'HEAD', url })
    expect([head.statusCode, head.body, head.headers['content-length']]).toEqual([200, '', String(page.length)])
  })

  it('asks for a login where one is needed, but not for its files', async () => {
    const { call, logIn } = scene(false)
    for (const url of ['/', '/alarms/x', '/devices', '/system', '/api']) {
      const answer = await call({ url })
      expect([answer.statusCode, answer.headers.location, answer.body]).toEqual([303, '/login', ''])
    }
    for (const url of ['/assets/app-1a2b.js', '/favicon.svg', '/manifest.webmanifest']) expect((await call({ url })).statusCode).toBe(200)
    expect((await call({ url: '/alarms/x', headers: await logIn('vera') })).body).toBe(page)
  })

  it('gives its files with their types, to be kept for ever', async () => {
    const { call } = scene()
    const given = async (url: string) => {
      const { headers, statusCode } = await call({ url })
      return [statusCode, headers['content-type'], headers['cache-control'], headers['x-content-type-options']]
    }
    const forEver = 'public, max-age=31536000, immutable'
    expect(await given('/assets/app-1a2b.js')).toEqual([200, 'text/javascript; charset=utf-8', forEver, 'nosniff'])
    expect(await given('/assets/app-1a2b.css')).toEqual([200, 'text/css; charset=utf-8', forEver, 'nosniff'])
    expect(await given('/assets/font-1a2b.woff2')).toEqual([200, 'font/woff2', forEver, 'nosniff'])
    expect(await given('/favicon.svg')).toEqual([200, 'image/svg+xml', 'no-cache', 'nosniff'])
    expect(await given('/manifest.webmanifest')).toEqual([200, 'application/manifest+json; charset=utf-8', 'no-cache', 'nosniff'])
  })

  it('is compressed for those who take it', async () => {
    const { call } = scene()
    const ask = (coding?: string) => call({ url: '/assets/app-1a2b.js', headers: coding === undefined ? {} : { 'accept-encoding': coding } })
    for (const coding of ['gzip, deflate, br', 'br;q=1.0, gzip;q=0.8', '*']) {
      const packed = await ask(coding)
      expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' })
      expect(packed.rawPayload.length).toBeLessThan(script.length / 4)
      expect(gunzipSync(packed.rawPayload).toString()).toBe(script)
    }
    for (const coding of [undefined, 'br', 'gzip;q=0', 'identity, *;q=0']) {
      const plain = await ask(coding)
      expect([plain.headers['content-encoding'], plain.body]).toEqual([undefined, script])
    }
    const font = await call({ url: '/assets/font-1a2b.woff2', headers: { 'accept-encoding': 'gzip' } })
    expect([font.headers['content-encoding'], [...font.rawPayload]]).toEqual([undefined, [0, 1, 254, 255]])
  })

  it.each([
    '/assets/', '/assets/../index.html', '/assets/..%2findex.html', '/assets/%2e%2e/%2e%2e/package.json', '/assets/deep/x.js', '/assets/app.exe', '/assets/__proto__', '/assets/constructor',
    '/assets/app-1a2b.js%00', '/.secret.json', '/index.html', '/..%2f..%2fetc/passwd', '/system.js',
  ])('has nothing at %s', async (url) => {
    const { call } = scene()
    expect((await call({ url })).json()).toMatchObject({ status: 404, code: 'NOT_FOUND' })
  })

  it('takes no writes', async () => {
    const answer = await scene().call({ method: 'POST', url: '/assets/app-1a2b.js', payload: {} })
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'GET, HEAD'])
  })

  it('that is not there leaves the list of addresses in its place, and says how to build it', async () => {
    const { call } = webScene()
    for (const url of ['/', '/alarms', '/system']) expect((await call({ url })).body).toContain('npm run build:dashboard')
    expect((await call({ url: '/' })).body).toContain('/api/v1/alarms')
    const built = await scene().call({ url: '/api' })
    expect(built.body).toContain('/api/v1/alarms')
    expect(built.body).not.toContain('build:dashboard')
  })
})

describe('the files of the dashboard in memory', () => {
  it('are kept packed, up to a bound, and served beyond it all the same', async () => {
    const dir = builtDashboard()
    const kept = await openDashboardFiles(dir)
    const unkept = await openDashboardFiles(dir, { maxKeptBytes: 10 })
    for (const files of [kept, unkept]) expect((await files.read('assets/app-1a2b.js', { gzip: false }))?.body.toString()).toBe(script)
    const [one, two] = await Promise.all([kept.read('assets/app-1a2b.js', { gzip: true }), kept.read('assets/app-1a2b.js', { gzip: true })])
    expect(one!.body).toBe(two!.body)
    expect(one!.etag).toBe((await unkept.read('assets/app-1a2b.js', { gzip: true }))!.etag)
    // Another build takes the place of this one while the gateway runs.
    rmSync(join(dir, 'assets'), { recursive: true })
    expect((await kept.read('assets/app-1a2b.js', { gzip: true }))?.body).toBe(one!.body)
    expect(await unkept.read('assets/app-1a2b.js', { gzip: true })).toBeUndefined()
    expect(await kept.read('assets/app-1a2b.css', { gzip: true })).toBeUndefined()
  })
})

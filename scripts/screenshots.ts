/**
 * Takes the pictures of README and docs anew, into docs/images: `npm run screenshots` (Chromium has to be installed; two minutes).
 * The gateway of the demonstration on free ports, ward and home simulated; when alarms stand, one is acknowledged and one shelved.
 */
import { globSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import type { Browser, Page } from 'playwright-core'
import { parse } from 'yaml'
import { startChild } from '../devices-sim/demo/children.ts'
import { startBrowser } from '../test/support/browser.ts'
import { eventually } from '../test/support/eventually.ts'
import type { GatewayProcess } from '../test/support/gateway-process.ts'
import { startGatewayProcess } from '../test/support/gateway-process.ts'
import { createHttpReceiver } from '../test/support/http-receiver.ts'
import { smallPng } from './small-png.ts'

const root = join(import.meta.dirname, '..')
const images = join(root, 'docs/images')
const largestBytes = 200 * 1024

interface Alarm { readonly id: string; readonly rule: string; readonly device: string | null; readonly state: string; readonly level: string | null; readonly priority: string; readonly active: boolean }

const desktop = { width: 1_440, height: 900 }
const phone = { width: 390, height: 844 }
const wall = { width: 1_920, height: 1_080 }

interface Shot {
  readonly name: string
  readonly path: string
  readonly size: { readonly width: number; readonly height: number }
  readonly dark?: true
  /** What must be there. */
  readonly shows: string
}

function shotsOf(alarm: Alarm): readonly Shot[] {
  return [
    { name: 'overview', path: '/', size: desktop, shows: '.alarm-list li' },
    { name: 'alarm', path: `/alarms/${alarm.id}`, size: desktop, shows: '.alarm-chart canvas' },
    { name: 'phone', path: '/alarms', size: phone, dark: true, shows: '.alarm-list li' },
    { name: 'wall', path: '/?wall', size: wall, dark: true, shows: '.alarm-list li' },
    { name: 'device', path: `/devices/${alarm.device}`, size: desktop, shows: 'canvas' },
    { name: 'rule', path: `/rules/${alarm.rule}`, size: desktop, shows: 'main form' },
    { name: 'evidence', path: `/history/${alarm.id}`, size: desktop, shows: 'canvas' },
    { name: 'kpi', path: '/kpi', size: desktop, shows: '.kpi' },
    { name: 'system', path: '/system', size: desktop, shows: 'main h1, main h2' },
  ]
}

async function startScene(webhookUrl: string): Promise<GatewayProcess> {
  const rules = Object.fromEntries(await Promise.all(globSync('demo/rules/*.yaml', { cwd: root }).map(async (file) => [file.replace(/^demo\//, ''), await readFile(join(root, file), 'utf8')] as const)))
  const { devices } = parse(await readFile(join(root, 'demo/limen.yaml'), 'utf8')) as { devices: object }
  const yaml = { devices, flows: { mode: 'child' }, rules: ['rules/*.yaml'], targets: { 'nurse-call': { webhook: { url: webhookUrl, allowPrivate: true } } } }
  const lines = Object.entries(yaml).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
  return startGatewayProcess({ yaml: lines.join(''), files: rules, env: { LIMEN_SITE: 'ward-3' } })
}

async function get<T>(limen: GatewayProcess, path: string): Promise<T> {
  return (await (await fetch(`${limen.httpUrl}/api/v1/${path}`)).json()) as T
}

async function act(limen: GatewayProcess, alarm: Alarm, { verb, ...body }: { verb: string; note: string; until?: string }): Promise<void> {
  const answer = await fetch(`${limen.httpUrl}/api/v1/alarms/${alarm.id}/${verb}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ by: 'anna', ...body }) })
  if (!answer.ok) throw new Error(`${verb} of ${alarm.id}: ${answer.status} ${await answer.text()}`)
}

/** What bed-1 sent in the quarter of an hour before: charts begin with something. */
async function remember(limen: GatewayProcess): Promise<void> {
  const client = await connectAsync(limen.mqttUrl)
  const now = Date.now()
  const readings = Array.from({ length: 300 }, (_, i) => ({ ts: now - (300 - i) * 3_000, spo2: 97 + Math.round(Math.sin(i / 9) + Math.sin(i / 2.3) * 0.6), heart_rate: 72 + Math.round(4 * Math.sin(i / 14) + 2 * Math.sin(i / 3)) }))
  await client.publishAsync('devices/bed-1', JSON.stringify(readings), { qos: 1 })
  await client.endAsync()
}

/** Alarms of every priority stand, and the one the pictures are about has risen to its outer limit. */
async function whenAlarmsStand(limen: GatewayProcess): Promise<Alarm> {
  const subject = await eventually('bed-1 to fall below its outer limit', async () => {
    const { items } = await get<{ items: Alarm[] }>(limen, 'alarms?active=true')
    const priorities = new Set(items.map(({ priority }) => priority))
    return priorities.size === 3 && items.find(({ rule, level }) => rule === 'spo2-low' && level === 'lolo')
  }, 180_000)
  const { items } = await get<{ items: Alarm[] }>(limen, 'alarms')
  const other = items.find(({ id, rule, state }) => id !== subject.id && rule === 'heart-rate' && state === 'unacked')
  if (other !== undefined) await act(limen, other, { verb: 'ack', note: 'on my way' })
  const low = items.find(({ rule, active }) => rule === 'power-peak' && active)
  if (low !== undefined) await act(limen, low, { verb: 'shelve', until: new Date(Date.now() + 15 * 60_000).toISOString(), note: 'known, the fitter comes at noon' })
  return subject
}

async function take(browser: Browser, limen: GatewayProcess, shot: Shot): Promise<void> {
  const context = await browser.newContext({ viewport: shot.size, colorScheme: shot.dark === true ? 'dark' : 'light', reducedMotion: 'reduce', locale: 'en-GB' })
  const page = await context.newPage()
  await page.goto(`${limen.httpUrl}${shot.path}`)
  await page.locator(shot.shows).first().waitFor()
  // What was asked for is there; charts draw in the next frames.
  await page.waitForTimeout(1_500)
  await keep(page, shot.name)
  await context.close()
}

async function keep(page: Page, name: string): Promise<void> {
  const picture = smallPng(await page.screenshot())
  process.stdout.write(`${name}.png  ${Math.round(picture.length / 1024)} KiB\n`)
  if (picture.length > largestBytes) throw new Error(`${name}.png is larger than ${largestBytes / 1024} KiB: make it smaller`)
  await writeFile(join(images, `${name}.png`), picture)
}

/** The gateway goes away while somebody looks. */
async function takeBanner(browser: Browser, limen: GatewayProcess): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 420 }, colorScheme: 'light', locale: 'en-GB' })
  const page = await context.newPage()
  await page.goto(`${limen.httpUrl}/alarms`)
  await page.locator('.alarm-list li').first().waitFor()
  await limen.kill()
  await page.locator('.banner').waitFor()
  await page.waitForTimeout(1_500)
  await keep(page, 'away')
  await context.close()
}

if (process.argv.length > 2) {
  process.stderr.write('npm run screenshots takes nothing: it writes all pictures of docs/images anew\n')
  process.exit(2)
}
const receiver = await createHttpReceiver()
const limen = await startScene(`${receiver.url}/nurse-call`)
await remember(limen)
const simulators = ['ward', 'home'].map((scenario) => startChild(scenario, [join(root, 'devices-sim/main.ts'), scenario, '--url', limen.mqttUrl]))
const browser = await startBrowser()
try {
  await mkdir(images, { recursive: true })
  const subject = await whenAlarmsStand(limen)
  for (const shot of shotsOf(subject)) await take(browser, limen, shot)
  await takeBanner(browser, limen)
} finally {
  await browser.close()
  await Promise.all(simulators.map((child) => child.stop(6_000)))
  await limen.remove()
  await receiver.goAway()
}

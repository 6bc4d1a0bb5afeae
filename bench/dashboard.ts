/**
 * The dashboard in the real Chromium, on the real gateway: first paint with 200 devices and 50 alarms, frames a second at 1,000
 * values a second, memory of the page.
 * node bench/dashboard.ts [--runs 5] [--seconds 10] [--minutes 0] [--json FILE]
 * --minutes N: so long the Devices page is held open under load, its heap taken once a minute after a collection.
 */
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import type { MqttClient } from 'mqtt'
import type { Browser, Page } from 'playwright-core'
import { startBrowser } from '../test/support/browser.ts'
import { startGatewayProcess } from '../test/support/gateway-process.ts'
import { parseDashboardBenchArguments } from './dashboard-arguments.ts'
import { median } from './statistics.ts'

const parsed = parseDashboardBenchArguments(process.argv.slice(2))
if (!parsed.ok) {
  console.error(parsed.problem)
  process.exit(2)
}
const { runs, seconds, minutes, json } = parsed.options

const deviceCount = 200
const alarmCount = 50
const metrics = ['heart_rate', 'spo2', 'respiratory_rate', 'temperature', 'systolic_bp'] as const
const valuesPerSecond = 1_000

const rules = `rules:
  - { id: pulse, on: { metric: heart_rate }, when: { above: 130 }, priority: high, message: "heart rate {value} on {device}" }
`

/** Every device gives every metric once; the first fifty a pulse that raises an alarm. */
async function fill(client: MqttClient): Promise<void> {
  for (let device = 0; device < deviceCount; device++) {
    await client.publishAsync(`devices/${nameOf(device)}/status`, 'online', { qos: 1, retain: true })
    await client.publishAsync(`devices/${nameOf(device)}`, JSON.stringify(Object.fromEntries(metrics.map((metric) => [metric, valueOf(device, metric)]))), { qos: 1 })
  }
}

function nameOf(device: number): string {
  return `bed-${String(device).padStart(3, '0')}`
}

function valueOf(device: number, metric: (typeof metrics)[number]): number {
  if (metric === 'heart_rate') return (device < alarmCount ? 140 : 70) + Math.round(Math.random() * 9)
  return Math.round(Math.random() * 1_000) / 10
}

/** 1,000 values a second, spread over all series. Gives a function that ends it. */
function play(client: MqttClient): () => void {
  let sent = 0
  const began = performance.now()
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1_000) * valuesPerSecond)
    for (; sent < due; sent++) {
      const device = Math.floor(sent / metrics.length) % deviceCount
      const metric = metrics[sent % metrics.length]!
      client.publish(`devices/${nameOf(device)}/${metric}`, String(valueOf(device, metric)), { qos: 0 })
    }
  }, 10)
  return () => clearInterval(timer)
}

interface Paint { readonly firstPaintMs: number; readonly alarmsShownMs: number }

/** In a fresh context, so that nothing is cached. */
async function firstPaint(browser: Browser, url: string): Promise<Paint> {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 } })
  try {
    const page = await context.newPage()
    await page.goto(url)
    await page.locator('[data-alarm-id]').first().waitFor()
    const alarmsShownMs = await page.evaluate(() => performance.now())
    const firstPaintMs = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN)
    return { firstPaintMs, alarmsShownMs }
  } finally {
    await context.close()
  }
}

interface Frames { readonly perSecond: number; readonly longestMs: number }

/** As text: it runs in the page. */
const countFrames = (lengthMs: number): string => `new Promise((resolve) => {
  const began = performance.now()
  let count = 0
  let last = began
  let longestMs = 0
  requestAnimationFrame(function frame(now) {
    count++
    longestMs = Math.max(longestMs, now - last)
    last = now
    if (now - began < ${lengthMs}) requestAnimationFrame(frame)
    else resolve({ perSecond: (count * 1000) / (now - began), longestMs })
  })
})`

async function heapBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  try {
    await session.send('HeapProfiler.collectGarbage')
    return ((await session.send('Runtime.getHeapUsage')) as { usedSize: number }).usedSize
  } finally {
    await session.detach()
  }
}

const limen = await startGatewayProcess({ yaml: 'rules: [rules.yaml]\n', files: { 'rules.yaml': rules }, env: { LIMEN_FLOWS__MODE: 'off' } })
const client = await connectAsync(limen.mqttUrl, { clientId: 'bench-dashboard' })
const browser = await startBrowser()
const results: Record<string, unknown> = {}
try {
  await fill(client)
  const stop = play(client)
  const paints: Paint[] = []
  for (let run = 0; run < runs; run++) paints.push(await firstPaint(browser, `${limen.httpUrl}/`))
  results['first paint, ms'] = median(paints.map((paint) => paint.firstPaintMs))
  results['alarms shown, ms'] = median(paints.map((paint) => paint.alarmsShownMs))

  const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } })
  await page.goto(`${limen.httpUrl}/devices`)
  await page.locator('[data-device]').first().waitFor()
  await sleep(1_000)
  const shown = await page.evaluate<Frames>(countFrames(seconds * 1_000))
  results['frames a second on Devices'] = shown.perSecond
  results['longest between two frames, ms'] = shown.longestMs
  const heaps: number[] = []
  for (let minute = 0; minute < minutes; minute++) {
    heaps.push((await heapBytes(page)) / 1e6)
    console.log(`  minute ${minute}: heap ${heaps.at(-1)!.toFixed(1)} MB`)
    await sleep(60_000)
  }
  if (minutes > 0) results['heap each minute, MB'] = heaps.map((heap) => Math.round(heap * 10) / 10)
  stop()
} finally {
  await browser.close()
  await client.endAsync(true)
  await limen.remove()
}
console.log(`${deviceCount} devices, ${alarmCount} alarms, ${valuesPerSecond} values/s`)
for (const [what, value] of Object.entries(results)) console.log(`  ${what.padEnd(36)} ${typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 1 }) : JSON.stringify(value)}`)
if (json !== undefined) writeFileSync(json, JSON.stringify(results, null, 2))

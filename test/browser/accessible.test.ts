import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { openPage } from '../support/browser.ts'
import { openWard, useBrowser } from './scene.ts'
import type { Ward } from './scene.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = useBrowser()

interface Violation { readonly id: string; readonly impact: string; readonly help: string; readonly nodes: readonly { readonly html: string }[] }

/** What axe-core calls serious or critical. */
async function seriousFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe)
  const violations = await page.evaluate<Violation[]>('axe.run(document, { resultTypes: ["violations"] }).then((result) => result.violations)')
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 200)}`))
}

async function busyWard(): Promise<Ward> {
  const ward = await openWard()
  await ward.say('bed-1/status', 'online')
  await ward.say('bed-1', { spo2: 84, heart_rate: 70, temperature: 37 })
  await ward.say('bed-2', { spo2: 88, temperature: 39.5 })
  await ward.say('bed-3/temperature', 39.9)
  await ward.say('pump-1/fault', true)
  await ward.say('pump-1/fault', false)
  await ward.say('bed-3/status', 'online')
  await ward.say('bed-3/status', 'offline')
  const { items } = await ward.ask<{ items: { id: string; device: string; rule: string }[] }>('alarms')
  const of = (device: string, rule: string): string => items.find((alarm) => alarm.device === device && alarm.rule === rule)!.id
  await ward.ask(`alarms/${of('bed-2', 'spo2-low')}/ack`, { method: 'POST' })
  await ward.ask(`alarms/${of('bed-2', 'fever')}/shelve`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ note: 'known', until: new Date(Date.now() + 900_000).toISOString() }) })
  return ward
}

const sizes = [{ width: 390, height: 844 }, { width: 1_440, height: 900 }, { width: 1_920, height: 1_080 }]

const schemes = ['light', 'dark'] as const

describe.each(sizes)('every page at $width px', (viewport) => {
  it.each(schemes)('has in %s colours no serious fault of accessibility, no error in the console, and nothing that scrolls sideways', async (colorScheme) => {
    const ward = await busyWard()
    const { items } = await ward.ask<{ items: { id: string; device: string }[] }>('alarms?active=true')
    const alarm = items.find(({ device }) => device === 'bed-1')!.id
    const paths = ['/', '/alarms', `/alarms/${alarm}`, '/devices', '/devices/bed-1', '/rules', '/rules/spo2-low', '/rules/spo2-low?view=text', '/rules?new', '/history', `/history/${alarm}`, '/kpi', '/system', '/?wall']
    const wrong: string[] = []
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/`, { viewport, colorScheme })
    for (const path of paths) {
      await page.goto(`${ward.limen.httpUrl}${path}`)
      await page.locator('main h1, main h2').first().waitFor()
      await page.waitForLoadState('networkidle').catch(() => {})
      for (const fault of await seriousFaults(page)) wrong.push(`${path}: ${fault}`)
      const wider = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      if (wider > 0) wrong.push(`${path}: ${wider} px too wide`)
    }
    expect([...wrong, ...faults]).toEqual([])
  })
})

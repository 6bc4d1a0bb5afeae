import { expect, it } from 'vitest'
import { openPage } from '../support/browser.ts'
import { openWard, useBrowser } from './scene.ts'

const browser = useBrowser()

const rule = `rule-${'y'.repeat(70)}`
const device = `a-device-that-somebody-named-after-its-serial-number-0123456789-${'z'.repeat(30)}`
const metric = `m_${'m'.repeat(60)}`

it.each([{ width: 390, height: 844 }, { width: 1_440, height: 900 }])('names without end and hundreds of alarms fit $width px: nothing scrolls sideways, nothing is cut off in the navigation', async (viewport) => {
  const ward = await openWard()
  const put = async (id: string, yaml: string): Promise<unknown> => ward.ask(`rules/${id}`, { method: 'PUT', headers: { 'content-type': 'application/yaml' }, body: yaml })
  await put(rule, `on: { metric: "${metric}" }\nwhen: { above: 1 }\npriority: high\nmessage: "${'x'.repeat(150)} {value} on {device}"\n`)
  for (const priority of ['high', 'medium', 'low']) await put(`flood-${priority}`, `on: { metric: flood }\nwhen: { above: 1 }\npriority: ${priority}\n`)
  await ward.say(`${device}/${metric}`, 123_456.789)
  await Promise.all(Array.from({ length: 120 }, (_, index) => ward.say(`meter-${index}/flood`, 2)))
  const { items } = await ward.ask<{ items: { id: string; rule: string }[] }>('alarms?active=true&limit=1000')
  const alarm = items.find((one) => one.rule === rule)
  const wrong: string[] = []
  const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/`, { viewport })
  for (const path of ['/', '/alarms', `/alarms/${alarm!.id}`, '/devices', `/devices/${device}`, '/rules', `/rules/${rule}`, `/history?rule=${rule}`, `/history/${alarm!.id}`, '/kpi']) {
    await page.goto(`${ward.limen.httpUrl}${path}`)
    await page.locator('main h1, main h2').first().waitFor()
    await page.waitForLoadState('networkidle').catch(() => {})
    for (const part of ['html', '.nav']) {
      const wider = await page.evaluate<number>(`(([element]) => element.scrollWidth - element.clientWidth)(document.querySelectorAll('${part}'))`)
      if (wider > 0) wrong.push(`${path}: ${part} is ${wider} px too wide`)
    }
  }
  expect([...wrong, ...faults]).toEqual([])
})

import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { openPage } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import type { Ward } from './scene.ts'
import { openWard, useBrowser } from './scene.ts'

interface RuleJson { readonly revision: number; readonly text: string; readonly state: string; readonly changedBy: string }

const browser = useBrowser()
const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true })
const text = (page: Page) => page.getByRole('textbox', { name: 'Text of the rule, YAML' })

/** What the gateway refuses is said by Chromium, too. */
const butRefusals = (faults: readonly string[], status: number): readonly string[] => faults.filter((fault) => !fault.includes(String(status)))

async function put(ward: Ward, id: string, yaml: string): Promise<RuleJson> {
  return ward.ask<RuleJson>(`rules/${id}?by=ben`, { method: 'PUT', headers: { 'content-type': 'application/yaml' }, body: yaml })
}

const fever = '# agreed in May\nid: fever\non: { metric: temperature, device: "bed-*" } # beds\nwhen: { above: 38.5, hysteresis: 0.3 }\npriority: low\nmessage: "temperature {value} °C on {device}"\n'

describe('a rule on the dashboard', () => {
  it('is changed as a form, and its text keeps what the form knows nothing of', async () => {
    const ward = await openWard()
    await put(ward, 'fever', fever)
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/rules`)
    await page.locator('[data-rule=fever]').getByRole('link', { name: 'fever' }).click()
    await page.getByLabel('High at', { exact: true }).fill('39')
    await page.getByLabel('For at least', { exact: true }).fill('10s')
    await page.getByText('checked, nothing wrong').waitFor()
    await save(page).click()
    await page.getByText('fever is saved as revision 3').waitFor()
    expect((await ward.ask<RuleJson>('rules/fever')).text.trim()).toBe(fever.replace('{ above: 38.5, hysteresis: 0.3 }', '{ level: { hi: 39, hysteresis: 0.3 } }\nfor: 10s').trim())
    await page.getByRole('button', { name: 'Text' }).click()
    expect((await text(page).inputValue()).startsWith('# agreed in May')).toBe(true)
    expect(faults).toEqual([])
  })

  it('is said to be wrong at its line, and an invalid one changes nothing', async () => {
    const ward = await openWard()
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/rules/spo2-low?view=text`)
    const before = await text(page).inputValue()
    const line = before.split('\n').findIndex((one) => one.startsWith('when')) + 1
    await text(page).fill(before.replace('lolo: 85', 'lolo: 95'))
    const column = (before.split('\n')[line - 1] ?? '').indexOf('lo: 90') + 'lo: '.length + 1
    await page.getByRole('button', { name: `Line ${line}:${column}` }).waitFor()
    await page.getByText('must be greater than lolo').waitFor()
    await page.getByRole('button', { name: 'Try it' }).click()
    // The place is told beside the text, and no other one here.
    await page.getByRole('alert').getByText(/^when\.level[^]*must be greater than lolo/).waitFor()
    await save(page).click()
    await page.getByRole('status').filter({ hasText: 'must be greater' }).waitFor()
    expect((await ward.ask<RuleJson>('rules/spo2-low')).revision).toBe(1)
    // What was typed is still there after a look elsewhere.
    await page.getByRole('link', { name: 'Devices', exact: true }).click()
    await page.getByRole('link', { name: 'Rules', exact: true }).click()
    await page.locator('[data-rule=spo2-low]').getByText('not saved').waitFor()
    expect(butRefusals(faults, 400)).toEqual([])
    // A reload would drop it: one is asked first.
    page.once('dialog', (dialog) => void dialog.dismiss())
    const asked = page.waitForEvent('dialog')
    await Promise.all([asked, page.reload({ timeout: 3_000 }).catch(() => {})])
    expect((await asked).type()).toBe('beforeunload')
    await page.locator('[data-rule=spo2-low]').getByText('not saved').waitFor()
  })

  it('that somebody else has saved meanwhile is not written over unasked', async () => {
    const ward = await openWard()
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/rules/fever`)
    await page.getByLabel('High at', { exact: true }).fill('40')
    await put(ward, 'fever', fever)
    await save(page).click()
    const conflict = page.getByRole('alert').filter({ hasText: 'Not saved' })
    await conflict.filter({ hasText: 'Revision 2 runs by ben' }).waitFor()
    await conflict.getByText('+# agreed in May').waitFor()
    expect((await ward.ask<RuleJson>('rules/fever')).revision).toBe(2)
    await conflict.getByRole('button', { name: 'Save mine over it' }).click()
    await page.getByText('fever is saved as revision 3').waitFor()
    expect((await ward.ask<RuleJson>('rules/fever')).text).toContain('hi: 40')
    expect(butRefusals(faults, 409)).toEqual([])
  })

  it('that is written anew with the name of another one says so, and leaves that one', async () => {
    const ward = await openWard()
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/rules?new`)
    await page.getByLabel('Id', { exact: true }).fill('pump')
    await page.getByLabel('Metric', { exact: true }).fill('flow')
    await page.getByLabel('Low at', { exact: true }).fill('5')
    await save(page).click()
    await page.getByRole('alert').getByText('Not saved: there is a rule of that name already.').waitFor()
    expect((await ward.ask<RuleJson>('rules/pump')).revision).toBe(1)
    expect(butRefusals(faults, 409)).toEqual([])
  })

  it('is deleted after a question, and comes back by undo or from its revisions', async () => {
    const ward = await openWard()
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/rules/pump`)
    await page.getByRole('button', { name: 'Delete …' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
    await page.locator('[data-rule=pump]').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.locator('[data-rule=pump]').getByRole('link').click()
    await page.locator('[data-revision="1"]').getByRole('button', { name: /^Roll back/ }).click()
    await page.getByRole('dialog').getByText('They say the same').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('[data-revision="2"]').getByRole('button', { name: /^What/ }).click()
    await page.locator('.diff-gone').filter({ hasText: 'latch: true' }).waitFor()
    expect((await ward.ask<RuleJson>('rules/pump')).revision).toBe(3)
    expect(faults).toEqual([])
  })

  it('is written anew, and raises its alarm', async () => {
    const ward = await openWard()
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/rules?new`)
    await page.getByLabel('Id', { exact: true }).fill('hr-high')
    await page.getByLabel('Metric', { exact: true }).fill('heart_rate')
    await page.getByLabel('High at', { exact: true }).fill('120')
    await page.getByLabel('Mode').selectOption('live')
    await save(page).click()
    await page.getByText('hr-high is saved as revision 1, live').waitFor()
    await ward.say('bed-1/heart_rate', 130)
    await page.getByRole('link', { name: '1 alarm stands' }).click()
    await page.locator('[data-alarm-id]').filter({ hasText: 'heart_rate 130' }).waitFor()
    expect(faults).toEqual([])
  })

  it('is tried on what was recorded before it is switched on', async () => {
    const ward = await openWard()
    const now = Date.now()
    const readings = Array.from({ length: 120 }, (_, index) => ({ ts: now - (120 - index) * 60_000, heart_rate: index % 40 < 10 ? 130 : 70 }))
    await ward.say('bed-1', readings)
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/rules?new`)
    await page.getByLabel('Id', { exact: true }).fill('hr-high')
    await page.getByLabel('Metric', { exact: true }).fill('heart_rate')
    await page.getByLabel('High at', { exact: true }).fill('120')
    await page.getByText('checked, nothing wrong').waitFor()
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByText('It would have raised 3 alarms').waitFor()
    // The gateway has recorded two hours: the chart is of those, and that is said.
    await page.getByText('120 readings were looked at, from').waitFor()
    const chart = page.locator('.try-chart [data-state=ready]').getByRole('img')
    await chart.waitFor()
    expect(await chart.getAttribute('aria-label')).toMatch(/, (?:2 h|1 h 59 min).*, 3 alarms in that time/)
    // That its times lie far behind is told of the device; the rule told nobody.
    expect((await ward.ask<{ items: readonly { rule: string }[] }>('alarms')).items.filter(({ rule }) => rule === 'hr-high')).toEqual([])
    expect(faults).toEqual([])
  })

  it('is seen and not changed by a viewer, tried and not saved by an operator', async () => {
    const ward = await openWard()
    const { page, context, faults } = await openPage(browser(), 'about:blank')
    let role = 'viewer'
    await context.route('**/api/v1/session', async (route) => {
      const answer = await route.fetch()
      await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), role } })
    })
    await page.goto(`${ward.limen.httpUrl}/rules/spo2-low`)
    await page.getByLabel('Low at', { exact: true }).waitFor()
    expect(await page.getByLabel('Low at', { exact: true }).isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: /Save|Delete|Try|Roll back/ }).count()).toBe(0)
    role = 'operator'
    await page.goto(`${ward.limen.httpUrl}/rules/spo2-low`)
    await page.getByLabel('Low at', { exact: true }).fill('91')
    await page.getByRole('button', { name: 'Try it' }).waitFor()
    expect(await save(page).count()).toBe(0)
    expect(faults).toEqual([])
  })

  it('is marked in the list when it is off or in shadow, and the list is narrowed in the address', async () => {
    const ward = await openWard()
    await put(ward, 'fever', `${fever}mode: shadow\n`)
    await put(ward, 'pump', 'on: { metric: fault }\nwhen: { equals: true }\nmode: off\n')
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/rules`)
    await page.locator('[data-rule=fever]').filter({ hasText: 'shadow' }).filter({ hasText: 'by ben, revision 2' }).waitFor()
    await page.locator('[data-rule=pump]').filter({ hasText: 'off' }).waitFor()
    await page.getByLabel('State').selectOption('shadow')
    await eventually('only what is in shadow is there', async () => (await page.locator('[data-rule]').count()) === 1)
    expect(new URL(page.url()).search).toBe('?state=shadow')
    await page.keyboard.press('Escape')
    await page.locator('body').press('/')
    await page.keyboard.type('nothing of the kind')
    await page.getByText('No rule matches').waitFor()
    expect(faults).toEqual([])
  })
})

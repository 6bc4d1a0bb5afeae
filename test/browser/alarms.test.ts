import type { Locator, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { openPage, withoutOutage } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { openWard, useBrowser } from './scene.ts'

interface AlarmJson { readonly id: string; readonly device: string; readonly state: string; readonly acknowledgedBy: string | null }

const browser = useBrowser()

function row(page: Page, text: string): Locator {
  return page.locator('[data-alarm-id]').filter({ hasText: text }).first()
}

describe('an alarm on the dashboard', () => {
  it('appears without a reload, is acknowledged with one tap, and goes when it clears', async () => {
    const ward = await openWard()
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/`)
    await page.getByText('Nothing is wrong').waitFor()
    await page.evaluate('window.notReloaded = true')

    await ward.say('bed-1/spo2', 84)
    await row(page, 'SpO₂ 84').waitFor()

    await row(page, 'SpO₂ 84').getByRole('button', { name: /^Acknowledge/ }).click()
    const acked = await eventually('the alarm is acknowledged', async () => {
      const { items } = await ward.ask<{ items: AlarmJson[] }>('alarms?active=true')
      return items.find(({ device, state }) => device === 'bed-1' && state === 'acked')
    })
    expect(acked.acknowledgedBy).toBeTruthy()

    await ward.say('bed-1/spo2', 97)
    await row(page, 'SpO₂').waitFor({ state: 'detached' })
    await page.getByText('Nothing is wrong').waitFor()
    expect(await page.evaluate('window.notReloaded')).toBe(true)
    expect(faults).toEqual([])
  })

  it('that is technical leads to the rule it is about, and to none where it is about no rule', async () => {
    const ward = await openWard()
    await ward.ask('rules/thrower', { method: 'PUT', headers: { 'content-type': 'application/yaml' }, body: 'on: { metric: spo2 }\nwhen: { expression: "int(value) / 0 > 1" }\n' })
    await ward.say('bed-1/status', 'online')
    await ward.say('bed-1/spo2', 97)
    await ward.say('bed-1/status', 'offline')
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/alarms`)
    const detail = page.locator('[data-alarm-detail]')
    await row(page, 'is offline').getByRole('link').first().click()
    await detail.getByText('technical.offline', { exact: true }).waitFor()
    expect(await detail.locator('a[href^="/rules/"]').count()).toBe(0)
    await detail.getByRole('link', { name: /^Evidence/ }).click()
    await page.locator('.evidence').getByText('technical.offline').first().waitFor()
    expect(await page.locator('.evidence a[href^="/rules/"]').count()).toBe(0)
    await page.goBack()
    await row(page, 'rule thrower is faulty').getByRole('link').first().click()
    await detail.getByRole('link', { name: 'thrower', exact: true }).click()
    await page.getByText('the expression cannot be evaluated').first().waitFor()
    expect(faults).toEqual([])
  })

  it('is announced to screen readers once when it is new and of high priority', async () => {
    const ward = await openWard()
    await ward.say('bed-2/spo2', 80)
    const { page } = await openPage(browser(), `${ward.limen.httpUrl}/alarms`)
    await row(page, 'bed-2').waitFor()
    const speaker = page.locator('[role=alert]').filter({ hasText: 'High priority' })
    // What stood when the page was opened is no news.
    expect(await speaker.count()).toBe(0)
    await ward.say('bed-1/spo2', 79)
    await speaker.filter({ hasText: 'bed-1' }).waitFor({ state: 'attached' })
  })

  it('is worked with the keyboard alone', async () => {
    const ward = await openWard()
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/alarms`)
    await ward.say('bed-1/spo2', 88)
    await ward.say('bed-2/temperature', 39.5)
    await row(page, 'bed-2').waitFor()
    await row(page, 'bed-1').waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('a')
    await eventually('the first is acknowledged', async () => (await ward.ask<{ items: AlarmJson[] }>('alarms?active=true')).items.some(({ device, state }) => device === 'bed-1' && state === 'acked'))
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(faults).toEqual([])
  })

  it('is shelved for a time with a reason, stands among those set aside, and comes back by undo', async () => {
    const ward = await openWard()
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/alarms`)
    await ward.say('bed-2/temperature', 39.5)
    await row(page, 'bed-2').waitFor()
    await row(page, 'bed-2').click()
    await page.getByRole('button', { name: /^Shelve/ }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('15 min').click()
    await dialog.getByRole('textbox').fill('sensor is being changed')
    await dialog.getByRole('button', { name: /^Shelve/ }).click()
    await eventually('it is shelved', async () => (await ward.ask<{ items: { overlays: string[] }[] }>('alarms')).items.some(({ overlays }) => overlays.includes('shelved')))
    await page.getByRole('button', { name: 'Undo' }).click()
    await eventually('it is back', async () => (await ward.ask<{ items: { overlays: string[] }[] }>('alarms')).items.every(({ overlays }) => overlays.length === 0))
    await row(page, 'bed-2').waitFor()
    expect(faults).toEqual([])
  })
})

describe('a gateway that is killed while the page is open', () => {
  it('is missed with a banner, and found again by the page itself with nothing missed', async () => {
    const ward = await openWard()
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/alarms`)
    await ward.say('bed-1/spo2', 84)
    await row(page, 'bed-1').waitFor()
    await page.evaluate('window.notReloaded = true')

    await ward.limen.kill()
    await page.getByText('No connection to the gateway').waitFor()
    await row(page, 'bed-1').waitFor()

    await ward.limen.start()
    // Before the page can know: raised and back, and raised to stay.
    await ward.say('bed-2/temperature', 39.5)
    await ward.say('bed-2/temperature', 37)
    await ward.say('bed-2/spo2', 86)
    await page.getByText('No connection to the gateway').waitFor({ state: 'detached' })
    await row(page, 'SpO₂ 86').waitFor()
    await row(page, 'bed-1').waitFor()
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByText('temperature 39.5').first().waitFor()
    expect(await page.evaluate('window.notReloaded')).toBe(true)
    expect(withoutOutage(faults)).toEqual([])
  })

  it('is asked again where it came back but did not answer at first', async () => {
    const ward = await openWard()
    const { page, context } = await openPage(browser(), `${ward.limen.httpUrl}/alarms`)
    await page.getByText('No alarm').first().waitFor()
    await ward.limen.kill()
    await page.getByText('No connection to the gateway').waitFor()
    let refused = 0
    await context.route('**/api/v1/alarms?**', (route) => (refused++ < 1 ? route.fulfill({ status: 503, json: { detail: 'not yet' } }) : route.continue()))
    await ward.limen.start()
    await ward.say('bed-1/spo2', 84)
    await page.getByText('No connection to the gateway').waitFor({ state: 'detached' })
    await row(page, 'bed-1').waitFor()
    expect(refused).toBeGreaterThan(1)
  })

  it('leaves none of ten open pages behind', async () => {
    const ward = await openWard()
    const { context } = await openPage(browser(), `${ward.limen.httpUrl}/`)
    // In one context, as tabs of one browser: they share its connections.
    const pages = await Promise.all(Array.from({ length: 10 }, async () => {
      const page = await context.newPage()
      await page.goto(`${ward.limen.httpUrl}/alarms`)
      return page
    }))
    await ward.say('bed-1/spo2', 84)
    for (const page of pages) await row(page, 'bed-1').waitFor()
    await ward.limen.kill()
    await ward.limen.start()
    await ward.say('bed-2/spo2', 80)
    for (const page of pages) await row(page, 'bed-2').waitFor()
  })
})

describe('the list of devices', () => {
  it('shows values as they change, and asks for those in view only', async () => {
    const ward = await openWard()
    for (let i = 0; i < 60; i++) await ward.say(`pump-${String(i).padStart(2, '0')}`, { flow: 10 + i, pressure: 2 })
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/devices`)
    const first = page.locator('[data-device="pump-00"]')
    await first.getByText('10', { exact: true }).waitFor()
    await ward.say('pump-00/flow', 77)
    await first.getByText('77', { exact: true }).waitFor()
    expect(await page.locator('[data-device]').count()).toBeLessThan(40)
    await page.getByRole('link', { name: 'pump-00' }).click()
    await page.locator('figure[data-metric="flow"][data-state="ready"]').waitFor()
    await page.getByRole('region', { name: 'Last values' }).getByText('77', { exact: true }).waitFor()
    expect(faults).toEqual([])
  })
})

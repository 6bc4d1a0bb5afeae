import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { openPage } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import type { Ward } from './scene.ts'
import { openWard, useBrowser } from './scene.ts'

interface AlarmJson { readonly id: string; readonly device: string; readonly rule: string }

const browser = useBrowser()

/** Two alarms, one acknowledged with a note. */
async function wardWithPast(): Promise<{ ward: Ward; alarm: AlarmJson }> {
  const ward = await openWard()
  await ward.say('bed-1/spo2', 84)
  await ward.say('bed-2/temperature', 39.5)
  const { items } = await ward.ask<{ items: AlarmJson[] }>('alarms')
  const alarm = items.find(({ device }) => device === 'bed-1')!
  const act = (verb: string, body: object) => ward.ask(`alarms/${alarm.id}/${verb}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  await act('ack', { by: 'anna', note: 'nurse on the way' })
  await act('comment', { by: 'ben', note: 'the probe was loose' })
  await ward.say('bed-1/spo2', 97)
  return { ward, alarm }
}

describe('the history of alarms', () => {
  it('tells the newest first, is narrowed in the address, and leads to the alarm', async () => {
    const { ward, alarm } = await wardWithPast()
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/history`)
    const rows = page.locator('[data-event]')
    await rows.first().waitFor()
    expect(await rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-event')))).toEqual(['cleared', 'commented', 'acked', 'raised', 'raised'])
    await page.getByLabel('Search the journal').fill('probe')
    await eventually('only what says so is there', async () => (await rows.count()) === 1 && (await rows.first().textContent())!.includes('the probe was loose'))
    expect(new URL(page.url()).search).toBe('?q=probe')
    await page.getByLabel('Search the journal').fill('')
    await page.getByLabel('Who').fill('anna')
    await eventually('only what she did is there', async () => (await rows.count()) === 1 && (await rows.first().getAttribute('data-event')) === 'acked')
    await rows.first().getByRole('link', { name: /SpO₂/ }).first().click()
    await page.locator(`[data-alarm-detail="${alarm.id}"]`).waitFor()
    expect(faults).toEqual([])
  })

  it('is read page by page, and saved as CSV as far as it is narrowed', async () => {
    const ward = await openWard()
    for (let times = 0; times < 60; times++) for (const value of [84, 97]) await ward.say('bed-1/spo2', value)
    await ward.say('bed-2/temperature', 39.5)
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/history?rule=spo2-low`)
    const rows = page.locator('[data-event]')
    await page.getByText('the newest 100').waitFor()
    await page.getByRole('button', { name: 'Show older' }).click()
    await page.getByText('120 in all').waitFor()
    expect(new Set(await rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-position')))).size).toBe(120)
    const waiting = page.waitForEvent('download')
    await page.getByRole('link', { name: /CSV/ }).click()
    const lines = (await readFile(await (await waiting).path(), 'utf8')).trim().split('\n')
    expect(lines).toHaveLength(121)
    expect(lines[0]).toMatch(/^time,event,/)
    expect(faults).toEqual([])
  })

  it('has the evidence of an alarm as a page, and as a document', async () => {
    const { ward, alarm } = await wardWithPast()
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/history`)
    await page.locator('[data-event=acked]').getByRole('link', { name: /^Evidence/ }).click()
    await page.getByRole('heading', { name: /SpO₂/ }).waitFor()
    expect(await page.getByRole('region', { name: 'Rule' }).textContent()).toContain('lolo: 85')
    await page.locator('[data-metric=spo2][data-state=ready]').waitFor()
    expect(await page.getByRole('region', { name: 'Acknowledged' }).textContent()).toContain('nurse on the way')
    expect(await page.getByRole('region', { name: 'Comments' }).textContent()).toContain('the probe was loose')
    const waiting = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save as JSON' }).click()
    const file = await waiting
    expect(file.suggestedFilename()).toContain(alarm.id)
    expect(JSON.parse(await readFile(await file.path(), 'utf8'))).toMatchObject({ alarm: { id: alarm.id }, rule: { id: 'spo2-low' } })
    expect(faults).toEqual([])
  })
})

describe('the KPI page', () => {
  it('shows each figure with its target and a rating in words, for another time and more operators', async () => {
    const { ward } = await wardWithPast()
    const { page, faults } = await openPage(browser(), `${ward.limen.httpUrl}/kpi`)
    await page.locator('[data-figure]').first().waitFor()
    const { figures } = await ward.ask<{ figures: readonly { id: string }[] }>('kpis')
    expect(await page.locator('[data-figure]').count()).toBe(figures.length)
    for (const card of await page.locator('[data-figure]').all()) expect(await card.textContent()).toMatch(/on target|off target|beyond the limit|no rating/)
    expect(await page.locator('[data-figure=annunciated-per-hour]').textContent()).toContain('target 6, limit 12')
    const month = page.waitForResponse((response) => response.url().includes('/kpis'))
    await page.getByRole('button', { name: '30 d' }).click()
    const operators = page.getByLabel('Operators')
    await operators.fill('2')
    // What comes while it is being written takes nothing of it.
    await month
    await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)) }))
    const asked = page.waitForRequest((request) => request.url().includes('operators=2'))
    await operators.press('Tab')
    await asked
    expect(new URL(page.url()).search).toBe('?period=30d&operators=2')
    await page.getByRole('region', { name: 'Most frequent' }).getByRole('link').first().click()
    await page.locator('[data-event=raised]').first().waitFor()
    expect(faults).toEqual([])
  })
})

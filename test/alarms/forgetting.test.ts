import { describe, expect, it } from 'vitest'
import type { AlarmScene } from '../support/alarm-scene.ts'
import { createAlarmScene } from '../support/alarm-scene.ts'
import { makeRule } from '../support/transitions.ts'

const rule = makeRule({ ack: 'auto', key: 'data.card' })
const most = 40

function scene(): AlarmScene {
  const made = createAlarmScene(undefined, { mostAlarms: most })
  made.rules(0, rule)
  return made
}

/** A card is refused, and it is over. */
function blink({ tell }: AlarmScene, s: number, key: string) {
  const raised = tell(s, 'true', { key, device: null })
  tell(s, 'false', { key, device: null })
  return raised[0]!.alarm
}

const keysOf = async ({ alarms, store }: AlarmScene) => {
  await store.commit()
  const stored = (await store.list('alarm')).map(([, text]) => (JSON.parse(String(text)) as { alarm: { key: string } }).alarm.key).sort()
  expect(alarms.list().map(({ key }) => key).sort()).toEqual(stored)
  return stored
}

describe('alarms of keys without end', () => {
  it('are forgotten, those first that have been back to normal for longest; none that stands or is set aside', async () => {
    const own = scene()
    own.tell(1, 'true', { key: 'stands', device: null })
    own.act(2, 'shelve', { key: 'shelved', until: Date.UTC(2026, 0, 2) })
    for (let i = 0; i < 1_000; i++) blink(own, 10 + i, `card-${i}`)
    const keys = await keysOf(own)
    expect(keys.length).toBeLessThanOrEqual(most + 2)
    expect(keys).toEqual(expect.arrayContaining(['stands', 'shelved', 'card-999', 'card-990']))
    expect(keys).not.toContain('card-0')
  })

  it('come up again under numbers that they never had, also after a start', async () => {
    const own = scene()
    const seen = new Set<string>()
    const note = (alarm: { idempotencyKey: string }) => {
      expect(seen.has(alarm.idempotencyKey)).toBe(false)
      seen.add(alarm.idempotencyKey)
    }
    for (let i = 0; i < 3; i++) note(blink(own, i, 'card-x'))
    for (let i = 0; i < 200; i++) note(blink(own, 10 + i, `card-${i}`))
    expect(await keysOf(own)).not.toContain('card-x')
    const again = await own.restart()
    again.rules(300, rule)
    expect(Object.fromEntries(again.alarms.rows())).toEqual(Object.fromEntries(own.alarms.rows()))
    const back = blink(again, 301, 'card-x')
    note(back)
    expect(back.occurrence).toBeGreaterThan(3)
  })

  it('are all there where they all stand', async () => {
    const own = scene()
    for (let i = 0; i < 100; i++) own.tell(i, 'true', { key: `card-${i}`, device: null })
    expect(await keysOf(own)).toHaveLength(100)
  })
})

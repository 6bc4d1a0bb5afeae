import { describe, expect, it } from 'vitest'
import { fillTopic } from '../../gateway/delivery/topic-template.ts'
import { makeDelivery } from '../contract/target.ts'

const { event } = makeDelivery()

describe('the topic of an MQTT target', () => {
  it('is filled from the event', () => {
    expect(fillTopic('sites/${source}/${type}/${data.device}', event)).toEqual({ ok: true, topic: 'sites/ward-3/limen.alarm.raised/bed-1' })
  })

  it('keeps what is filled in within one level', () => {
    expect(fillTopic('a/${subject}', { ...event, subject: 'x/+/#' })).toEqual({ ok: true, topic: 'a/x%2F%2B%2F%23' })
  })

  it.each(['a/${data.nothing}', 'a/${constructor}', 'a/${data.__proto__}', 'a/#', '+', ''])('is refused with the reason: %s', (template) => {
    expect(fillTopic(template, event)).toMatchObject({ ok: false })
  })
})

import { describe, expect, it } from 'vitest'
import { readApplicationEvent } from '../../gateway/ingest/application-event.ts'

describe('what is published on events/{type}', () => {
  it.each([['{"a":1}', { a: 1 }], ['1', 1], ['"open"', 'open'], ['null', null], [' [1,2] ', [1, 2]]])('%s is the data %j', (text, data) => {
    expect(readApplicationEvent('door.opened', Buffer.from(text))).toEqual({ data })
  })

  it.each<[string, string, Uint8Array]>([
    ['not-json', 'door.opened', Buffer.from('{x')],
    ['not-json', 'door.opened', Buffer.from('open')],
    ['not-utf8', 'door.opened', Buffer.from([0x22, 0xff, 0x22])],
    ['too-deep', 'door.opened', Buffer.from(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)],
    ['bad-event', 'limen.alarm.raised', Buffer.from('{}')],
    ['bad-event', 'limen.reading', Buffer.from('{"device":"a","metric":"b","value":1}')],
  ])('is refused as %s: %s', (reason, type, payload) => {
    expect(readApplicationEvent(type, payload)).toMatchObject({ reason })
  })
})

import { describe, expect, it } from 'vitest'
import { readFrames } from '../../dashboard/src/data/frames.ts'

describe('blocks of the live socket', () => {
  it('gives position, name and data of each', () => {
    expect(readFrames('id: 7\nevent: limen.alarm.raised\ndata: {"type":"limen.alarm.raised"}\n\nevent: pulse\ndata: {"now":1}\n\n')).toEqual([
      { id: 7, event: 'limen.alarm.raised', data: { type: 'limen.alarm.raised' } },
      { id: undefined, event: 'pulse', data: { now: 1 } },
    ])
  })

  it('a beat has a position and says nothing', () => {
    expect(readFrames('id: 9\nevent: beat\n\n')).toEqual([{ id: 9, event: 'beat', data: undefined }])
  })

  it('joins data of several lines', () => {
    expect(readFrames('data: {"a":\ndata: 1}\n\n')).toEqual([{ id: undefined, event: 'message', data: { a: 1 } }])
  })

  it('leaves out comments, empty blocks and what is no JSON, and takes no position that is no number', () => {
    expect(readFrames(': hello\n\n\n\n')).toEqual([])
    expect(readFrames('id: 3\ndata: {broken\n\n')).toEqual([{ id: 3, event: 'message', data: undefined }])
    expect(readFrames('id: x\ndata: 1\n\n')).toEqual([{ id: undefined, event: 'message', data: 1 }])
  })
})

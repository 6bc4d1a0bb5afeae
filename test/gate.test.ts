import { describe, expect, it } from 'vitest'
import { createGate } from '../gateway/gate.ts'
import { LimenError } from '../gateway/kernel/errors.ts'
import { silentLogger } from '../gateway/kernel/log.ts'

function open() {
  const told: string[] = []
  let end: { resolve: () => void; reject: (error: Error) => void } = { resolve: () => {}, reject: () => {} }
  const gate = createGate({
    rebuild() {
      told.push('rebuild')
      return new Promise<void>((resolve, reject) => { end = { resolve, reject } })
    },
    opened: () => told.push('opened'),
    onFatal: (error) => told.push(`fatal: ${error.message}`),
    logger: silentLogger,
  })
  const turn = () => new Promise((resolve) => { setImmediate(resolve) })
  return { gate, told, turn, end: () => end }
}

describe('the gate', () => {
  it('begins to rebuild in the turn of the failure, once for a failure that is told again meanwhile', () => {
    const { gate, told } = open()
    gate.lost(new Error('full'))
    gate.lost(new Error('full'))
    expect(told).toEqual(['rebuild'])
    expect(() => gate.mustBeOpen()).toThrow(expect.objectContaining({ code: 'STORE_FAILED' }) as Error)
  })

  it('opens when state is rebuilt, then does what waited, the last of each name', async () => {
    const { gate, told, turn, end } = open()
    gate.whenOpen('a', () => told.push('at once'))
    gate.lost(new Error('full'))
    for (const word of ['a1', 'a2']) gate.whenOpen('a', () => told.push(word))
    gate.whenOpen('b', () => told.push('b'))
    end().resolve()
    await turn()
    expect(told).toEqual(['at once', 'rebuild', 'opened', 'a2', 'b'])
    gate.mustBeOpen()
    gate.lost(new Error('again'))
    expect(told.at(-1)).toBe('rebuild')
  })

  it('stays shut, and ends nothing, where the gateway is stopped meanwhile', async () => {
    const { gate, told, turn, end } = open()
    gate.lost(new Error('full'))
    end().reject(new LimenError('STORE_CLOSED', 'the store has been stopped'))
    await turn()
    expect(told).toEqual(['rebuild'])
    expect(gate.isOpen()).toBe(false)
  })

  it('stays shut and ends the process where state cannot be rebuilt', async () => {
    const { gate, told, turn, end } = open()
    gate.lost(new Error('full'))
    end().reject(new Error('cannot be read'))
    await turn()
    expect(told).toEqual(['rebuild', 'fatal: cannot be read'])
    expect(gate.isOpen()).toBe(false)
  })
})

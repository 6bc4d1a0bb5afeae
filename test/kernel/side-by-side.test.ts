import { describe, expect, it } from 'vitest'
import { sideBySide } from '../../gateway/kernel/side-by-side.ts'

describe('work side by side', () => {
  it('ends when all of it has', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let ended = false
    const all = sideBySide(Promise.resolve(), promise).then(() => { ended = true })
    await Promise.resolve()
    expect(ended).toBe(false)
    resolve()
    await all
  })

  it('that fails says so when the rest has ended, and says what failed first in order', async () => {
    const { promise, reject } = Promise.withResolvers<void>()
    const seen: string[] = []
    const all = sideBySide(Promise.reject(new Error('one')), promise).catch((error: unknown) => void seen.push((error as Error).message))
    await new Promise((done) => { setImmediate(done) })
    expect(seen).toEqual([])
    reject(new Error('two'))
    await all
    expect(seen).toEqual(['one'])
  })
})

import { describe, expect, it } from 'vitest'
import { driveKind } from '../../support/kind-drive.ts'

const when = 'absent: { after: 30s, grace: 60s }'

describe('absent', () => {
  it('fires when nothing has come for so long, good or bad, and returns with whatever comes', () => {
    const drive = driveKind(when)
    drive.sample(0, 1)
    drive.sample(20_000, { value: Number.NaN, quality: 'bad' })
    drive.until(49_999)
    expect(drive.cell.active).toBe(0)
    drive.until(60_000)
    expect(drive.said().at(-1)).toEqual({ at: 50_000, verdict: 1 })
    expect(drive.sample(70_000, { value: Number.NaN, quality: 'bad' })).toBe(0)
  })

  it.each([[{ ms: 0, grace: false }, 30_000], [{ ms: 25_000, grace: false }, 5_000], [{ ms: 25_000, grace: true }, 60_000], [{ ms: 90_000, grace: false }, 0]])('begins to watch after a silence of %j and waits %i ms', (silence, wait) => {
    const { condition, cell } = driveKind(when)
    condition.begin!(cell, 1_000, silence)
    expect(cell.deadline).toBe(1_000 + wait)
  })
})

import { describe, expect, it } from 'vitest'
import { growthOf } from '../../faults/growth.ts'

const seconds = 600
/** A repeatable noise between 0 and 1. */
const noise = (i: number): number => Math.abs(Math.sin(i * 12.9898) * 43_758.5453) % 1
const run = (rss: (second: number) => number) => growthOf(Array.from({ length: seconds }, (_, second) => rss(second)), 1)

describe('memory that', () => {
  it.each<[string, (second: number) => number]>([
    ['stays', () => 150e6],
    ['stays, with noise', (s) => 150e6 + noise(s) * 40e6],
    ['is a saw tooth', (s) => 120e6 + (s % 37) * 2e6],
    ['fills its caches in the first half', (s) => 100e6 + Math.min(s, 250) * 0.4e6 + noise(s) * 10e6],
    ['has one peak at the end', (s) => 150e6 + (s > 580 ? 200e6 : 0)],
    ['creeps by less than the collector varies', (s) => 150e6 + s * 10e3 + noise(s) * 5e6],
    ...[0, 60, 120, 180, 240].map((phase): [string, (second: number) => number] => [`is a saw tooth of five minutes, ${phase} s on`, (s) => 150e6 + ((s + phase) % 300) * 0.3e6 + noise(s) * 5e6]),
    ['shrinks', (s) => 300e6 - s * 0.2e6],
  ])('%s does not keep growing', (_, rss) => {
    expect(run(rss).growing).toBe(false)
  })

  it.each<[string, (second: number) => number]>([
    ['leaks 100 kB a second', (s) => 150e6 + s * 0.1e6],
    ['leaks under noise', (s) => 150e6 + s * 0.1e6 + noise(s) * 60e6],
    ['leaks under a saw tooth', (s) => 150e6 + s * 0.15e6 + (s % 37) * 1.5e6],
    ['leaks in steps', (s) => 150e6 + Math.floor(s / 60) * 12e6],
  ])('%s keeps growing', (_, rss) => {
    expect(run(rss).growing).toBe(true)
  })

  it('grows by what it says', () => {
    const { overHalfBytes, perHourBytes } = run((s) => 100e6 + s * 0.1e6)
    expect(perHourBytes).toBeCloseTo(360e6, -3)
    expect(overHalfBytes).toBeCloseTo(28.5e6, -3)
  })

  it('was hardly looked at says nothing', () => {
    expect(growthOf([], 1).growing).toBe(false)
    expect(growthOf([1e6, 2e9], 1).growing).toBe(false)
  })
})

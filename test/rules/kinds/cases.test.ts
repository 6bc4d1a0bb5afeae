import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { InputLine } from '../../../gateway/replay-lines.ts'
import type { Value } from '../../../gateway/kernel/reading.ts'
import { readRules } from '../../../gateway/rules/load.ts'
import { unknown } from '../../../gateway/rules/kind.ts'
import { kindSchemas } from '../../../gateway/rules/schemas.ts'
import { driveRule } from '../../support/kind-drive.ts'

const root = join(import.meta.dirname, '../../cases')
const cases = [...readdirSync(join(root, 'kinds')).map((name) => `kinds/${name}`), 'timelines/h07-n-of-m', 'timelines/h08-tumbling-window'].sort()

const linesOf = (file: string): unknown[] =>
  readFileSync(file, 'utf8').split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as unknown)

/** The alarm of one rule with `ack: auto`, for one device and metric and without delays, as far as these cases need it. */
function outputOf(folder: string): object[] {
  const [rule] = readRules(readFileSync(join(folder, 'rules.yaml'), 'utf8'), 'rules.yaml', { kinds: kindSchemas, targets: new Set() }).rules
  const drive = driveRule(rule!)
  const seen = new Set<string>()
  for (const { at, device, value, ts, seq } of linesOf(join(folder, 'input.jsonl')) as InputLine[]) {
    const identity = `${ts}/${seq}`
    if (device === undefined) drive.until(at)
    else if (seq === undefined || !seen.has(identity)) drive.sample(at, { value: value as Value, ...(ts === undefined ? {} : { time: ts as number }) })
    seen.add(identity)
  }
  const out: object[] = []
  let active = false
  let quality = 'good'
  for (const { at, verdict, value } of drive.said()) {
    if (verdict === 'late') continue
    const tell = (event: string, from: boolean, to: boolean): void => {
      const state = (raised: boolean): string => (raised ? 'unacked' : 'normal')
      out.push({ at, rule: rule!.id, key: 'd', event, from: state(from), to: state(to), value, quality })
    }
    const changed = (verdict === unknown) === (quality === 'good')
    quality = verdict === unknown ? 'unknown' : 'good'
    if (changed && active) tell('quality-changed', true, true)
    if (verdict === unknown || verdict > 0 === active) continue
    tell(active ? 'cleared' : 'raised', active, !active)
    active = !active
  }
  return out
}

describe('golden cases of the kinds', () => {
  for (const name of cases) {
    it(name, () => {
      const expected = linesOf(join(root, name, 'expected.jsonl')) as Record<string, unknown>[]
      const actual = outputOf(join(root, name))
      expect(actual.map((line, i) => Object.fromEntries(Object.entries(line).filter(([member]) => expected[i] === undefined || member in expected[i])))).toEqual(expected)
    })
  }})

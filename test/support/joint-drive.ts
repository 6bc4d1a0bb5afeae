import type { ApplicationEvent } from '../../gateway/kernel/contracts.ts'
import type { Labels, Reading, Series } from '../../gateway/kernel/reading.ts'
import type { Rule } from '../../gateway/kernel/rule.ts'
import type { InputLine } from '../../gateway/replay-lines.ts'
import { compileGlob } from '../../gateway/kernel/glob.ts'
import type { CellView, JointCondition, Surroundings, Verdict } from '../../gateway/rules/kind.ts'
import { normal, unknown } from '../../gateway/rules/kind.ts'
import { kinds } from '../../gateway/rules/kinds.ts'
import { createLateness, isLate } from '../../gateway/rules/lateness.ts'
import { compileSelector } from '../../gateway/rules/selector.ts'
import { createWatermark, moveWatermark, takeTime } from '../../gateway/rules/watermark.ts'

export interface DriveDevice { type?: string; labels?: Labels; settings?: Readonly<Record<string, unknown>>; offline?: boolean }

export interface DriveLine { readonly at: number; readonly rule: string; readonly key: string; readonly event: string; readonly value?: unknown; readonly text?: string }

interface DriveCell extends CellView {
  readonly rule: Rule
  readonly condition: JointCondition
  active: Verdict
  wasKnown: boolean
  occurrences: number
  told: boolean
}

/** What stands for a series' own rhythm. */
const standsMs = 30_000

/**
 * Conditions over several signals without the engine around them: finds the series of each signal, makes the cells by key,
 * and calls what kind.ts says in the order it says. No delays, no alarms: what a verdict changes is told at once.
 */
export function createJointDrive(rules: readonly Rule[], devices: ReadonlyMap<string, DriveDevice> = new Map()) {
  const facts = new Map(devices)
  const compiled = rules.map((rule) => {
    const condition = kinds.find(({ name }) => name === rule.when.kind)!.compile(rule) as JointCondition
    const { event: _event, ...on } = rule.on
    return {
      rule,
      condition,
      inputs: condition.signals.map((signal) => ({ ...signal, selector: compileSelector(signal.elsewhere ? signal.on : { ...on, ...signal.on }) })),
      events: condition.events.map((pattern) => compileGlob(pattern)),
      cells: new Map<string, DriveCell>(),
    }
  })
  const series = new Map<string, { readonly series: Series; readonly lateness: ReturnType<typeof createLateness> }>()
  const moment = { at: 0, wallMs: 0, time: 0 }
  const expired = new Set<string>()
  let stepMs = 0
  let out: DriveLine[] = []

  const around: Surroundings = {
    standsMs: () => standsMs,
    expired(device, metric) {
      expired.add(`${device}.${metric}`)
      return Infinity
    },
    offlineSince: (device) => (facts.get(device)?.offline === true ? Infinity : -Infinity),
    labels: (device) => facts.get(device)?.labels ?? {},
    type: (device) => facts.get(device)?.type ?? null,
    setting: (device, name) => facts.get(device)?.settings?.[name],
  }

  function cellOf(of: (typeof compiled)[number], key: string, device: string | null): DriveCell {
    const known = of.cells.get(key)
    if (known !== undefined) return known
    const { rule, condition } = of
    const made: DriveCell = {
      rule, condition, key, device, active: normal, deadline: Infinity, memory: condition.create(), watermark: condition.order === 'watermark' ? createWatermark() : null,
      wasKnown: true, occurrences: 0, told: false,
    }
    of.cells.set(key, made)
    return made
  }

  function keyOf({ key, id }: Rule, device: string | null, data?: unknown): string | undefined {
    if (key === 'rule') return id
    if (key === 'device') return device ?? id
    const path = key.slice(key.indexOf('.') + 1)
    if (key.startsWith('label.')) return device === null ? undefined : around.labels(device)[path]
    const found = path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], data)
    return typeof found === 'string' || typeof found === 'number' ? `${found}` : undefined
  }

  function tell(cell: DriveCell, event: string): void {
    const shown = cell.condition.shown?.(cell)
    out.push({ at: moment.at, rule: cell.rule.id, key: cell.key, event, ...(shown === undefined ? {} : { value: shown.value }), ...(shown?.text === undefined ? {} : { text: shown.text }) })
  }

  function judge(cell: DriveCell): Verdict {
    cell.told = false
    const verdict = cell.condition.judge(cell, moment, around)
    if (verdict === unknown) {
      if (cell.wasKnown && cell.active !== normal) tell(cell, 'quality-changed')
      cell.wasKnown = false
      return verdict
    }
    if (!cell.wasKnown && cell.active !== normal) tell(cell, 'quality-changed')
    cell.wasKnown = true
    if (verdict !== normal && cell.active === normal) {
      cell.active = verdict
      cell.occurrences++
      tell(cell, cell.occurrences === 1 || cell.rule.ack === 'auto' ? 'raised' : 'reraised')
    } else if (verdict === normal && cell.active !== normal) {
      cell.active = normal
      tell(cell, cell.rule.ack === 'auto' ? 'cleared' : 'returned')
    }
    return verdict
  }

  const byRuleAndKey = (a: DriveCell, b: DriveCell): number => (a.rule.id < b.rule.id ? -1 : a.rule.id > b.rule.id ? 1 : a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
  const all = (): DriveCell[] => compiled.flatMap(({ cells }) => [...cells.values()])

  function enter(at: number, time?: number): void {
    moment.at = at
    moment.wallMs = at + stepMs
    moment.time = time ?? moment.wallMs
  }

  function advance(at: number): void {
    for (;;) {
      const [first] = all().filter(({ deadline }) => deadline <= at).sort((a, b) => a.deadline - b.deadline || byRuleAndKey(a, b))
      if (first === undefined) return
      const due = Math.max(moment.at, first.deadline)
      first.deadline = Infinity
      enter(due)
      judge(first)
      // A deadline that does not move would never end.
      if (first.deadline <= due) throw new Error(`the deadline of ${first.rule.id}/${first.key} stays at ${first.deadline}`)
    }
  }

  function judgeTold(): void {
    for (const cell of all().filter(({ told }) => told).sort(byRuleAndKey)) judge(cell)
  }

  function timeOf(ts: number | string | undefined): number {
    const given = ts === undefined ? moment.wallMs : Number(ts)
    return Math.abs(given - moment.wallMs) > 60_000 ? moment.wallMs : given
  }

  function readings(line: InputLine): readonly Reading[] {
    const values = line.values ?? { [line.metric!]: line.value }
    return Object.entries(values).map(([metric, given]) => {
      const name = `${line.device!}\0${metric}`
      let known = series.get(name)
      if (known === undefined) series.set(name, (known = { series: { id: series.size, device: line.device!, metric, storedId: series.size }, lateness: createLateness() }))
      const bad = given === 'NaN' || typeof given === 'object'
      return {
        series: known.series, value: bad ? null : (given as Reading['value']), quality: bad ? 'bad' : 'good', unit: undefined,
        ts: line.ts === undefined ? moment.wallMs : Number(line.ts), tsGiven: line.ts !== undefined, seq: line.seq, receivedAt: moment.wallMs, k: 0,
      }
    })
  }

  function feed(one: Reading): void {
    const { device, metric } = one.series
    const old = isLate(series.get(`${device}\0${metric}`)!.lateness, one, moment.at)
    for (const of of compiled) {
      for (const [signal, { selector, elsewhere }] of of.inputs.entries()) {
        if (!selector.matchesMetric(metric) || !selector.matchesDevice(device, around)) continue
        const makes = !elsewhere || of.rule.key !== 'device' || of.inputs.every((input) => input.elsewhere)
        const key = keyOf(of.rule, device)
        if (makes && key !== undefined) cellOf(of, key, of.rule.key === 'device' ? device : null)
        const fed = elsewhere ? [...of.cells.values()] : key === undefined ? [] : [of.cells.get(key)!]
        for (const cell of fed) {
          if (of.condition.order === 'newest' ? old : one.quality === 'good' && !takeTime(cell.watermark!, moment.time, moment.at)) continue
          of.condition.take(one, signal, cell, moment)
          cell.told = true
        }
      }
    }
  }

  function hear(event: ApplicationEvent): void {
    for (const of of compiled) {
      for (const [i, matches] of of.events.entries()) {
        const key = matches(event.type) ? keyOf(of.rule, event.device, event.data) : undefined
        if (key === undefined) continue
        const cell = cellOf(of, key, of.rule.key === 'device' ? event.device : null)
        if (cell.watermark !== null && !takeTime(cell.watermark, moment.time, moment.at)) continue
        of.condition.takeEvent?.(event, of.condition.signals.length + i, cell, moment)
        cell.told = true
      }
    }
  }

  const drive = {
    /** One line of a backtest's input; gives what it changed. */
    line(line: InputLine & { readonly ts?: number | string }): readonly DriveLine[] {
      out = []
      advance(line.at)
      enter(line.at)
      if (line.restart !== undefined) {
        drive.cut()
        const alive = { at: moment.at, wallMs: moment.wallMs }
        enter(line.at + line.restart.downMs)
        for (const cell of all()) {
          if (line.restart.downMs > 300_000 && cell.condition.startsOver === true) {
            cell.memory = cell.condition.create()
            cell.deadline = Infinity
          } else cell.condition.resume?.(cell.memory, alive)
        }
        advance(moment.at)
      } else if (line.wallClockStepMs !== undefined) {
        stepMs += line.wallClockStepMs
        // The wall clock moves no timer: a watermark goes with it.
        for (const { watermark, condition, memory } of all()) {
          if (watermark !== null) moveWatermark(watermark, line.wallClockStepMs)
          condition.clockSet?.(memory, line.wallClockStepMs)
        }
      }
      else if (line.event !== undefined) {
        moment.time = timeOf(line.ts)
        const device = (line.data as { device?: unknown } | undefined)?.device
        hear({ type: line.event, data: line.data, device: typeof device === 'string' ? device : null })
        judgeTold()
      } else if (line.device !== undefined) {
        moment.time = timeOf(line.ts)
        for (const one of readings(line)) if (one.value !== null || one.quality === 'bad') feed(one)
        judgeTold()
      }
      return out
    },
    /** Something about a device changed. */
    change(device: string, to: DriveDevice, at: number): readonly DriveLine[] {
      out = []
      advance(at)
      enter(at)
      facts.set(device, to)
      for (const cell of all().sort(byRuleAndKey)) judge(cell)
      return out
    },
    /** As after a snapshot: every memory is what was kept of it. */
    cut(): void {
      for (const cell of all()) {
        const { condition } = cell
        const kept = structuredClone(condition.save === undefined ? cell.memory : condition.save(cell.memory))
        cell.memory = condition.load === undefined ? kept : condition.load(kept)
      }
    },
    /** What a snapshot holds of them all. */
    state: (): unknown => all().sort(byRuleAndKey).map((cell) => [cell.rule.id, cell.key, cell.active, cell.deadline, structuredClone(cell.condition.save === undefined ? cell.memory : cell.condition.save(cell.memory)), { ...cell.watermark }]),
    verdicts: (): Readonly<Record<string, Verdict>> => Object.fromEntries(all().map((cell) => [cell.key, cell.wasKnown ? cell.active : unknown])),
    expired: (): readonly string[] => [...expired].sort(),
    cells: all,
  }
  return drive
}

/** All that lines change, one after the other. */
export function runJoint(rules: readonly Rule[], lines: readonly InputLine[], devices?: ReadonlyMap<string, DriveDevice>): readonly DriveLine[] {
  const drive = createJointDrive(rules, devices)
  return lines.flatMap((line) => drive.line(line))
}

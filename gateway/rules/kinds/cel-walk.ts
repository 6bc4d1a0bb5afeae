import { suggestion } from '../../kernel/suggest.ts'

/** The parts of the library's syntax tree that are looked at. `op` as it is written; see its README, "Access parsed AST". */
export interface CelNode {
  readonly op: string
  /** May be renamed: a variable's name inside the evaluator is not the one that is written. */
  args: unknown
  readonly start: number
  readonly end: number
  /** Carries an operator out, once it has been checked. */
  handle?: (...args: unknown[]) => unknown
}

/** What an expression asks for. */
export interface CelUses {
  /** The reading itself: `value`, `unit` or `metric`. */
  readonly subject: boolean
  /** Metrics of the device, in order of their names; and whether as `metrics.NAME`, `NAME`, or both. */
  readonly metrics: readonly string[]
  readonly labels: readonly string[]
  readonly settings: readonly string[]
  /** `ts` or `now`. */
  readonly times: boolean
  /** May it have a value though something it asks for is missing? */
  readonly partial: boolean
}

export interface CelProblem { readonly offset: number; readonly message: string; readonly remedy: string }

export type CelSubject = 'readings' | 'events'

/** The names of a metric, of `type` and of maps, inside: no metric can be one of the library's own names. */
export const innerMetric = (name: string): string => `m:${name}`
export const innerType = 'v:type'

const always = ['device', 'labels', 'settings', 'type', 'ts', 'now', 'tsMs', 'nowMs'] as const
const ofReadings = ['value', 'unit', 'metric', 'metrics'] as const
const ofEvents = ['event', 'data'] as const
const maps: Readonly<Record<string, string>> = { metrics: 'hr', labels: 'ward', settings: 'news2Scale', event: 'type' }

const functions = ['has', 'size', 'int', 'double', 'string', 'bool', 'timestamp', 'duration', 'abs', 'min', 'max', 'floor', 'ceil', 'round'] as const
const methods = [
  'size', 'startsWith', 'endsWith', 'contains', 'lowerAscii', 'upperAscii', 'trim', 'indexOf', 'lastIndexOf', 'substring', 'glob',
  'getFullYear', 'getMonth', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getHours', 'getMinutes', 'getSeconds', 'getMilliseconds',
] as const
const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'bind'])
const longestPattern = 256

/** Looks through an expression: finds what it asks for, renames it, and refuses what could be slow or reach outside. */
export function walkCel(root: CelNode, subject: CelSubject): { readonly uses: CelUses; readonly problems: readonly CelProblem[] } {
  const problems: CelProblem[] = []
  const metrics = new Set<string>()
  const labels = new Set<string>()
  const settings = new Set<string>()
  let aboutReading = false
  let times = false
  let partial = false
  const known: readonly string[] = [...always, ...(subject === 'readings' ? ofReadings : ofEvents)]
  const refuse = ({ start }: CelNode, message: string, remedy: string): void => void problems.push({ offset: start, message, remedy })

  function identifier(node: CelNode): void {
    const name = node.args as string
    if (['now', 'nowMs', 'ts', 'tsMs'].includes(name)) times = true
    if (name === 'value' || name === 'unit' || name === 'metric') aboutReading ||= subject === 'readings'
    if (name === 'type') node.args = innerType
    if (known.includes(name)) {
      if (Object.hasOwn(maps, name)) refuse(node, `"${name}" alone says nothing`, `write e.g. ${name}.${maps[name]!}`)
      return
    }
    if (subject === 'events') return refuse(node, `"${name}" is unknown where a rule hears events`, [...ofReadings].includes(name as 'value') ? 'an event has its data: write e.g. data.amount' : `write data.${name}, or ${suggestion(name, known)}`)
    if (name === 'seq') return refuse(node, '"seq" is the number of a reading, never a metric', 'leave it out')
    if (name === 'data' || name === 'event') return refuse(node, `there is no "${name}" where a rule hears readings`, 'write on: { event: … }, or a metric')
    metrics.add(name)
    node.args = innerMetric(name)
  }

  /** `metrics.hr`, `labels["the ward"]`, `data.card.id`. */
  function access(node: CelNode): void {
    const [of, key] = node.args as [CelNode, string | CelNode]
    const name = of.op === 'id' ? (of.args as string) : undefined
    const written = typeof key === 'string' ? key : key.op === 'value' && typeof key.args === 'string' ? key.args : undefined
    if (name === undefined || !known.includes(name) || !(Object.hasOwn(maps, name) || name === 'data')) {
      if (leadsToData(of)) {
        walk(of)
        if (typeof key !== 'string') walk(key)
      } else refuse(node, 'only maps have members', written === undefined ? 'compare the value itself' : memberRemedy(of, written))
      return
    }
    if (name === 'data') {
      if (typeof key !== 'string') walk(key)
      return
    }
    if (written === undefined) return refuse(node, `what is looked up in ${name} must be written out, so that it is known what the rule hears`, `write e.g. ${name}.${maps[name]!} or ${name}["${maps[name]!}"]`)
    if (name === 'event' && written !== 'type') return refuse(node, `an event has no "${written}"`, `write event.type, or data.${written}`)
    if (name === 'metrics' && /[*?]/.test(written)) return refuse(node, `"${written}" is a pattern, not a metric`, 'write each metric by its name')
    if (name === 'metrics' && (written.trim() === '' || written.includes('/'))) return refuse(node, `"${written}" can be no metric: it is one topic level, without a slash`, 'write e.g. metrics.hr')
    if (name === 'metrics' && (written === 'ts' || written === 'seq')) return refuse(node, `"${written}" is the ${written === 'ts' ? 'time' : 'number'} of a reading, never a metric`, written === 'ts' ? 'write ts' : 'leave it out')
    if (name === 'metrics') metrics.add(written)
    if (name === 'labels') labels.add(written)
    if (name === 'settings') settings.add(written)
  }

  function call(node: CelNode): void {
    const [name, args] = node.args as [string, readonly CelNode[]]
    if (!functions.some((one) => one === name)) refuse(node, `there is no function ${name}()`, loops.has(name) ? noLoops : name === 'not' ? 'write !(…)' : suggestion(name, functions))
    if (name === 'has') {
      partial = true
      const of = args[0]
      if (of?.op === '.' && rootOf(of) === 'labels') refuse(node, 'every device has every label, if only an empty one', "write e.g. labels.ward != ''")
      else if (of?.op !== '.') refuse(node, 'has() asks for a member of a map', of?.op === 'id' && subject === 'readings' ? `write has(metrics.${of.args as string})` : 'write e.g. has(data.card)')
    }
    if (name === 'duration' && !(args[0]?.op === 'value' && typeof args[0].args === 'string' && args[0].args.length <= 32)) refuse(node, 'the text of a duration must be written out', 'write e.g. duration("90s")')
    for (const arg of args) walk(arg)
  }

  function method(node: CelNode): void {
    const [name, of, args] = node.args as [string, CelNode, readonly CelNode[]]
    if (loops.has(name)) return refuse(node, `${name}() goes through a list, which an expression may not`, noLoops)
    if (name === 'matches') return refuse(node, 'matches() takes a regular expression, which may take for ever', 'write .glob("bed-*"), with * and ? as wildcards, or startsWith, endsWith, contains')
    if (!methods.some((one) => one === name)) refuse(node, `there is no function .${name}()`, suggestion(name, methods))
    if (name.startsWith('get') && args.length > 0) refuse(node, `.${name}() is in UTC, without a time zone`, 'use "while" of the rule for local times')
    if (name === 'glob' && !(args[0]?.op === 'value' && typeof args[0].args === 'string' && args[0].args.length <= longestPattern)) refuse(node, `the pattern of glob() must be written out, with at most ${longestPattern} characters`, 'write e.g. .glob("bed-*")')
    walk(of)
    for (const arg of args) walk(arg)
  }

  function walk(node: CelNode): void {
    switch (node.op) {
      case 'value':
        return
      case 'id':
        return identifier(node)
      case '.':
      case '[]':
        return access(node)
      case 'call':
        return call(node)
      case 'rcall':
        return method(node)
      case '||':
      case '&&':
      case '?:':
        partial = true
        break
      case 'map':
        for (const entry of node.args as readonly (readonly CelNode[])[]) for (const part of entry) walk(part)
        return
      default:
    }
    for (const part of Array.isArray(node.args) ? (node.args as readonly CelNode[]) : [node.args as CelNode]) walk(part)
  }

  walk(root)
  return { uses: { subject: aboutReading, metrics: [...metrics].sort(), labels: [...labels].sort(), settings: [...settings].sort(), times, partial }, problems }
}

const noLoops = 'write the values out: a == 1 || b == 1, or value in [1, 2]'

function rootOf(node: CelNode): string | undefined {
  if (node.op === 'id') return node.args as string
  return node.op === '.' || node.op === '[]' ? rootOf((node.args as [CelNode])[0]) : undefined
}

function leadsToData(node: CelNode): boolean {
  const root = rootOf(node)
  return root === 'data' || root === 'settings'
}

/** `sys.bp`, `metrics.sys.bp`: nested objects become dotted names. */
function memberRemedy(of: CelNode, member: string): string {
  if (of.op === 'id') return `write metrics["${of.args as string}.${member}"] for the metric of that name`
  if (of.op !== '.') return 'compare the value itself'
  const [outer, key] = of.args as [CelNode, string]
  return outer.op === 'id' && outer.args === 'metrics' ? `write metrics["${key}.${member}"]` : 'compare the value itself'
}

/** Every node, from the leaves to the root. */
export function eachCelNode(node: CelNode, visit: (node: CelNode) => void): void {
  const inside = (part: unknown): void => {
    if (Array.isArray(part)) for (const one of part) inside(one)
    else if (typeof part === 'object' && part !== null && 'op' in part) eachCelNode(part as CelNode, visit)
  }
  inside(node.args)
  visit(node)
}

/** Can it give anything but a truth? Arithmetic cannot. */
export function isArithmetic(node: CelNode): boolean {
  if (node.op === '?:') return (node.args as readonly CelNode[]).slice(1).some(isArithmetic)
  return ['+', '-', '*', '/', '%', '-_'].includes(node.op)
}

import type { Alarm } from '../kernel/alarm.ts'
import type { Value } from '../kernel/reading.ts'
import type { CommandSpec } from '../kernel/rule.ts'

export type FilledCommand =
  | { readonly ok: true; readonly device: string; readonly actuator: string; readonly value: Value; readonly safeValue: Value | undefined }
  | { readonly ok: false; readonly reason: string }

/** Fills `{device}`, `{metric}`, `{value}`, `{labels.NAME}` of a rule's command from its alarm. */
export function fillCommand(spec: CommandSpec, alarm: Alarm): FilledCommand {
  const missing: string[] = []
  const text = (template: string): string =>
    template.replace(/\{([^{}]+)\}/g, (_, name: string) => {
      const value = lookUp(alarm, name.trim())
      if (value === null) missing.push(name)
      return String(value ?? '')
    })
  // `{value}` alone keeps its type: a number stays a number.
  const value = (given: Value): Value => (typeof given !== 'string' ? given : given.trim() === '{value}' ? alarm.value : text(given))

  const device = text(spec.device)
  const actuator = text(spec.actuator)
  const filled = { device, actuator, value: value(spec.value), safeValue: spec.safeValue === undefined ? undefined : value(spec.safeValue) }
  if (missing.length > 0) return { ok: false, reason: `the alarm has no ${missing.join(', ')}` }
  for (const [name, level] of [['device', device], ['actuator', actuator]] as const) {
    const wrong = wrongLevel(level)
    if (wrong !== undefined) return { ok: false, reason: `${name} "${level}" ${wrong}` }
  }
  return { ok: true, ...filled }
}

/** Why this text cannot be one level of a topic to publish to; undefined: it can. */
export function wrongLevel(level: string): string | undefined {
  if (level === '') return 'is empty'
  // eslint-disable-next-line no-control-regex -- NUL may not stand in a topic [MQTT-4.7.3-2]
  return /[/+#\u0000]/.test(level) ? 'holds one of / + #, which a topic level cannot' : undefined
}

function lookUp(alarm: Alarm, name: string): Value {
  switch (name) {
    case 'device':
      return alarm.device
    case 'metric':
      return alarm.metric
    case 'value':
      return alarm.value
    default: {
      const label = name.startsWith('labels.') ? name.slice('labels.'.length) : undefined
      return label !== undefined && Object.hasOwn(alarm.labels, label) ? alarm.labels[label]! : null
    }
  }
}

import { duration } from '../kernel/quantity-shape.ts'
import type { Action, CommandSpec } from '../kernel/rule.ts'
import type { Invalid, Shape } from '../kernel/shape.ts'
import { anyScalar, boolean, clip, list, notInThisVersion, object, oneOf, optional, refine, required, text } from '../kernel/shape.ts'
import { suggest, suggestion } from '../kernel/suggest.ts'
import { templateShape } from './schema-template.ts'

/** What may stand in a command's texts (kernel/rule.ts). */
const commandNames = ['device', 'metric', 'value'] as const

/** One topic level once it is filled in. */
function topicLevel(what: string, example: string): Shape<string> {
  const template = templateShape({ expected: `${what}, one topic level`, example, names: commandNames })
  return refine(template, (written, at) => (/[/+#]/.test(written) ? at.refuse(`"${clip(written)}" cannot be ${what}: it is one topic level, without / + #`, `write e.g. ${example}`) : written))
}

const value = refine(anyScalar('on'), (written, at) => {
  if (typeof written !== 'string') return written
  return templateShape({ expected: 'a value', example: 'on', names: commandNames }).read(at.node, at.path, at.problems)
})

const command: Shape<CommandSpec> = refine(
  object(
    {
      device: required(topicLevel('a device', '"lamp-{device}"')),
      actuator: required(topicLevel('an actuator', 'power')),
      value: required(value),
      ttl: optional(duration({ min: '100ms', max: '7d', example: '30s' }), 30_000),
      release: optional(oneOf('release', 'safe', 'hold', 'awaitReset')),
      safeValue: optional(value),
      confirm: optional(oneOf('ack', 'state'), 'ack'),
      doneWithin: optional(duration({ min: '100ms', max: '1d', example: '30s' }), 30_000),
      minOn: notInThisVersion('"minOn"'),
      minOff: notInThisVersion('"minOff"'),
      maxOn: notInThisVersion('"maxOn"'),
      forbid: notInThisVersion('"forbid"'),
    },
    { expected: 'a command', example: '{ device: "lamp-{device}", actuator: light, value: on }' },
  ),
  (given, at) => {
    if (given.release === 'safe' && given.safeValue === undefined) return at.refuse('release: safe without a safeValue', 'write e.g. safeValue: off', 'release')
    return {
      device: given.device,
      actuator: given.actuator,
      value: given.value,
      ttlMs: given.ttl,
      release: given.release ?? (given.safeValue === undefined ? 'hold' : 'safe'),
      safeValue: given.safeValue,
      confirm: given.confirm,
      doneWithinMs: given.doneWithin,
    }
  },
)

/** `then: [{ command: { … } }, { notify: TARGET, resolved: false }]` */
export function thenShape(targets: ReadonlySet<string>): Shape<readonly Action[]> {
  const names = [...targets]
  const target = refine(text({ expected: "a target's name", example: names[0] ?? 'nurse-call' }), (name, at) => {
    if (targets.has(name)) return name
    if (names.length === 0) return at.refuse(`there is no target "${clip(name)}"`, 'write it under targets in limen.yaml')
    const near = suggest(name, names)
    return at.refuse(`there is no target "${clip(name)}"`, near === undefined ? `${suggestion(name, names)}; or write it under targets in limen.yaml` : `did you mean "${near}"?`)
  })
  const action = refine(
    object({ command: optional(command), notify: optional(target), resolved: optional(boolean) }, { expected: 'an action', example: `{ notify: ${names[0] ?? 'nurse-call'} }` }),
    (given, at): Action | Invalid => {
      if (given.command !== undefined && given.notify !== undefined) return at.refuse('a command and a notification in one', 'make two items of the list of it', 'notify')
      if (given.notify !== undefined) return { notify: given.notify, resolved: given.resolved ?? true }
      if (given.resolved !== undefined) return at.refuse('"resolved" belongs to notify', 'write { notify: TARGET, resolved: false }', 'resolved')
      return given.command === undefined ? at.refuse('an action that does nothing', 'write { command: { … } } or { notify: TARGET }') : { command: given.command }
    },
  )
  return { ...list(action), expected: 'a list of actions', example: `[{ notify: ${names[0] ?? 'nurse-call'} }]` }
}

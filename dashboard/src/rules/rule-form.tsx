import { useSignal } from '@preact/signals'
import { levelWord } from '../alarms/words.ts'
import type { Field } from './form-fields.ts'
import { fieldsOfKind, kindWords, pathsOf, selectFields, timeFields, wayFields } from './form-fields.ts'
import type { RuleProblem } from './rule-item.ts'
import { Problems } from './text-editor.tsx'
import type { Form } from './written-rule.ts'
import { writeField, writeKind, writePriority } from './written-rule.ts'

export interface RuleFormProps {
  readonly form: Form
  readonly text: string
  readonly isNew: boolean
  readonly problems: readonly RuleProblem[]
  readonly disabled: boolean
  readonly onWrite: (text: string) => void
}

const levels = ['lolo', 'lo', 'hi', 'hihi'] as const
const priorities = ['high', 'medium', 'low'] as const

/** The common kinds as fields. Each writes into its line of the text and leaves the others. */
export function RuleForm(props: RuleFormProps) {
  const { form: { fields, kind, others }, text, isNew, problems, disabled, onWrite } = props
  const group = (title: string, list: readonly Field[]) => (
    <fieldset class="rule-fields" disabled={disabled}>
      <legend>{title}</legend>
      {list.map((field) => <Input key={field.path} field={field} {...props} />)}
    </fieldset>
  )
  // What the gateway refuses of a rule with `for` beside it.
  const times = kind === 'absent' ? timeFields.filter(({ path }) => path !== 'for') : timeFields
  const elsewhere = problems.filter(({ path }) => !shown(props).some((field) => pathsOf(field).some((own) => concerns(path, own))))
  return (
    <form class="rule-form" onSubmit={(event) => event.preventDefault()}>
      {isNew && group('Name', [{ path: 'id', label: 'Id', hint: 'e.g. spo2-low' }])}
      {group('What it listens to', selectFields)}
      <fieldset class="rule-fields" disabled={disabled}>
        <legend>When it fires</legend>
        <label class="field rule-kind">Kind
          <select value={kind} onChange={(event) => onWrite(writeKind(text, event.currentTarget.value))}>
            {kind === '' && <option value="">–</option>}
            {Object.entries(kindWords).map(([name, words]) => <option key={name} value={name}>{name}: {words}</option>)}
          </select>
        </label>
        {fieldsOfKind(kind).map((field) => <Input key={field.path} field={field} {...props} />)}
      </fieldset>
      {group('Times', times)}
      <fieldset class="rule-fields" disabled={disabled}>
        <legend>How it tells</legend>
        <Priority fields={fields} byLevel={kind === 'level'} write={(priority) => onWrite(writePriority(text, priority))} />
        {wayFields.map((field) => <Input key={field.path} field={field} {...props} />)}
        <Input field={{ path: 'message', label: 'Message', hint: 'e.g. SpO₂ {value}{unit} on {device}' }} {...props} />
      </fieldset>
      {others.length > 0 && <p class="muted">Only in the text, and kept as it is: {others.join(', ')}.</p>}
      <Problems problems={elsewhere} />
    </form>
  )
}

function shown({ form: { kind } }: RuleFormProps): readonly Field[] {
  return [{ path: 'id', label: '' }, ...selectFields, ...fieldsOfKind(kind), ...timeFields, ...wayFields, { path: 'message', label: '' }]
}

/** `rules[0].when.level.hi` is about `when.level.hi`. */
function concerns(problem: string, field: string): boolean {
  return problem === field || problem.endsWith(`.${field}`)
}

function Input(props: RuleFormProps & { field: Field }) {
  const { field: { path, label, hint, choices, oneOf }, form, text, problems, onWrite } = props
  if (oneOf !== undefined) return <OneOf {...props} oneOf={oneOf} />
  const value = form.fields[path] ?? ''
  const wrong = problems.filter((problem) => concerns(problem.path, path)).map(({ message, remedy }) => (remedy === '' ? message : `${message}; ${remedy}`)).join('. ')
  const described = wrong === '' ? {} : { 'aria-invalid': true, 'aria-describedby': `wrong-${path}` }
  const write = (event: { readonly currentTarget: { readonly value: string } }): void => onWrite(writeField(text, path, event.currentTarget.value))
  return (
    <div class={`field-${path}`}>
      <label class="field">{label}
        {choices === undefined
          ? <input name={path} value={value} placeholder={hint} autocomplete="off" {...described} onInput={write} />
          : (
            <select name={path} value={value} {...described} onChange={write}>
              <option value="">{path.startsWith('when.') ? '–' : `${choices[0] === 'false' ? 'no' : choices[0]} (as usual)`}</option>
              {[...choices, ...(value === '' || choices.includes(value) ? [] : [value])].map((choice) => <option key={choice} value={choice}>{choice === 'true' ? 'yes' : choice === 'false' ? 'no' : choice}</option>)}
            </select>
          )}
      </label>
      {wrong !== '' && <span id={`wrong-${path}`} class="bad">{wrong}</span>}
    </div>
  )
}

/** Which of several, and its value; which it is stays chosen while there is no value. */
function OneOf({ oneOf, ...props }: RuleFormProps & { field: Field; oneOf: NonNullable<Field['oneOf']> }) {
  const { field, form, text, onWrite } = props
  const names = Object.keys(oneOf)
  const chosen = useSignal(names[0]!)
  const written = names.find((name) => form.fields[`${field.path}${name}`] !== undefined)
  const name = written ?? chosen.value
  const choose = (next: string): void => {
    const value = form.fields[`${field.path}${name}`] ?? ''
    chosen.value = next
    if (value !== '') onWrite(writeField(writeField(text, `${field.path}${name}`, ''), `${field.path}${next}`, value))
  }
  return (
    <>
      <label class="field">{field.label}
        <select value={name} onChange={(event) => choose(event.currentTarget.value)}>{names.map((one) => <option key={one} value={one}>{oneOf[one]}</option>)}</select>
      </label>
      <Input {...props} field={{ path: `${field.path}${name}`, label: `… ${oneOf[name]}`, ...(field.hint === undefined ? {} : { hint: field.hint }) }} />
    </>
  )
}

/** One word, or one for each limit there is. */
function Priority({ fields, byLevel, write }: { fields: Form['fields']; byLevel: boolean; write: (priority: string | Readonly<Record<string, string>>) => void }) {
  const given = levels.filter((level) => fields[`when.level.${level}`] !== undefined || fields[`priority.${level}`] !== undefined)
  const each = Object.fromEntries(given.map((level) => [level, fields[`priority.${level}`] ?? fields['priority'] ?? 'medium']))
  const isByLevel = Object.keys(fields).some((path) => path.startsWith('priority.'))
  return (
    <>
      <label class="field">Priority
        <select name="priority" value={isByLevel ? 'each' : (fields['priority'] ?? '')} onChange={(event) => write(event.currentTarget.value === 'each' ? each : event.currentTarget.value)}>
          <option value="">medium (as usual)</option>
          {priorities.map((priority) => <option key={priority} value={priority}>{priority}</option>)}
          {(isByLevel || (byLevel && given.length > 0)) && <option value="each">one for each limit</option>}
        </select>
      </label>
      {isByLevel && given.map((level) => (
        <label key={level} class="field">Priority when {levelWord(level)}
          <select name={`priority.${level}`} value={each[level]} onChange={(event) => write({ ...each, [level]: event.currentTarget.value })}>
            {priorities.map((priority) => <option key={priority} value={priority}>{priority}</option>)}
          </select>
        </label>
      ))}
    </>
  )
}

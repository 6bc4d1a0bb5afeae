import { fieldOrder, isTextField, kindFields, knownMembers } from './form-fields.ts'
import type { Tree } from './yaml-value.ts'
import { NotForForm, readKey, readValue, writeInline } from './yaml-value.ts'

/** What the form shows of a rule. */
export interface Form {
  /** By path: `for`, `on.metric`, `when.level.hi`; what is not there is not written. */
  readonly fields: Readonly<Record<string, string>>
  readonly kind: string
  /** Members that stay as they are written: `then`, `while`, `on.label`. */
  readonly others: readonly string[]
}

interface Member { readonly key: string; /** Its lines; comments and empty lines after it are not of it. */ readonly from: number; readonly to: number; readonly rest: string }

/** A rule's text as the form has it, or why it is for the text view alone. */
export function readForm(text: string): Form | { readonly why: string } {
  try {
    return formOf(text)
  } catch (thrown) {
    if (thrown instanceof NotForForm) return { why: thrown.message }
    throw thrown
  }
}

function formOf(text: string): Form {
  const lines = text.split('\n')
  const fields: Record<string, string> = {}
  const others: string[] = []
  let kind = ''
  for (const member of membersOf(lines)) {
    if (!knownMembers.includes(member.key)) {
      others.push(member.key)
      continue
    }
    const { value } = readMember(lines, member)
    if (member.key === 'when') {
      const when = longForm(value)
      kind = Object.keys(when)[0] ?? ''
      const known = kindFields[kind]
      if (known === undefined || Object.keys(when).length > 1) throw new NotForForm(`the form does not know the condition “${Object.keys(when).join(', ')}”`)
      const flat = flatten(when[kind]!, `when.${kind}`)
      const strange = Object.keys(flat).find((path) => !known.includes(path.slice(kind.length + 6)))
      if (strange !== undefined) throw new NotForForm(`the form does not know “${strange}”`)
      Object.assign(fields, flat)
    } else {
      const flat = flatten(value, member.key)
      if (member.key === 'on' || member.key === 'priority' || typeof value === 'string') Object.assign(fields, flat)
      else throw new NotForForm(`“${member.key}” is a map, where the form knows a word`)
      others.push(...Object.keys(flat).filter((path) => path.startsWith('on.') && !fieldOrder.includes(path)))
    }
  }
  return { fields, kind, others }
}

/** `when: { above: 130 }` is `when: { level: { hi: 130 } }`. */
function longForm(value: Tree): Readonly<Record<string, Tree>> {
  if (typeof value === 'string') throw new NotForForm(value === '' ? 'there is no condition yet' : 'a condition that is a single word')
  const { above, below, hysteresis, ...rest } = value
  if (above === undefined && below === undefined) return value
  return { ...rest, level: { ...(below === undefined ? {} : { lo: below }), ...(above === undefined ? {} : { hi: above }), ...(hysteresis === undefined ? {} : { hysteresis }) } }
}

function flatten(value: Tree, path: string): Record<string, string> {
  if (typeof value === 'string') return { [path]: value }
  return Object.assign({}, ...Object.entries(value).map(([key, member]) => flatten(member, `${path}.${key}`))) as Record<string, string>
}

function membersOf(lines: readonly string[]): readonly Member[] {
  const members: Member[] = []
  for (const [index, line] of lines.entries()) {
    if (/^\s*(?:#.*)?$/s.test(line)) continue
    const found = readKey(line)
    const last = members.at(-1)
    if (found?.indent === 0) {
      if (members.some(({ key }) => key === found.key)) throw new NotForForm(`“${found.key}” stands twice`)
      members.push({ key: found.key, from: index, to: index + 1, rest: found.rest })
    } else if (last !== undefined && /^(?: |- )/.test(line)) members[members.length - 1] = { ...last, to: index + 1 }
    else throw new NotForForm(`the form does not know how to read line ${index + 1}, “${line.trim().slice(0, 40)}”`)
  }
  return members
}

function readMember(lines: readonly string[], { from, to, rest }: Member): ReturnType<typeof readValue> {
  return readValue(rest.trim(), lines.slice(from + 1, to).filter((line) => line.trim() !== ''))
}

/** Writes one field into the text and touches no line but those of its member. Empty: it is taken out. */
export function writeField(text: string, path: string, value: string): string {
  return change(text, path, value === '' ? undefined : value)
}

/** Another condition, with none of the limits of the one before. */
export function writeKind(text: string, kind: string): string {
  return change(text, 'when', { [kind]: {} })
}

/** One priority for all levels, or one for each of them. */
export function writePriority(text: string, priority: string | Readonly<Record<string, string>>): string {
  return change(text, 'priority', priority === '' ? undefined : priority)
}

function change(text: string, path: string, value: Tree | undefined): string {
  const lines = text.split('\n')
  const members = membersOf(lines)
  const [top = '', ...inner] = path.split('.')
  const member = members.find(({ key }) => key === top)
  const { value: before = {}, comment = '' } = member === undefined ? {} : readMember(lines, member)
  const after = put({ tree: top === 'when' && before !== '' && inner.length > 0 ? longForm(before) : before, keepsEmpty: top === 'when' }, inner, value)
  const isGone = after === undefined || (typeof after === 'object' && Object.keys(after).length === 0 && inner.length > 0 && top !== 'when')
  const written = isGone ? [] : [`${top}: ${writeInline(after, (field) => isTextField(field === '' ? top : `${top}.${field}`))}${comment === '' ? '' : ` ${comment}`}`]
  if (member !== undefined) return lines.toSpliced(member.from, member.to - member.from, ...written).join('\n')
  // In the order in which rules are written: after the last member that comes before it.
  const rank = knownMembers.indexOf(top)
  const place = members.findLast(({ key }) => knownMembers.indexOf(key) < rank && knownMembers.includes(key))?.to ?? 0
  return lines.toSpliced(place, 0, ...written).join('\n')
}

/** What is empty then goes, but for the kind itself: it has no limit yet. */
function put({ tree, keepsEmpty = false }: { tree: Tree; keepsEmpty?: boolean }, [key, ...rest]: readonly string[], value: Tree | undefined): Tree | undefined {
  if (key === undefined) return value
  const members = typeof tree === 'string' ? {} : tree
  const inner = put({ tree: Object.hasOwn(members, key) ? members[key]! : {} }, rest, value)
  if (inner !== undefined && (keepsEmpty || typeof inner === 'string' || Object.keys(inner).length > 0)) return { ...members, [key]: inner }
  const { [key]: _gone, ...others } = members
  return others
}

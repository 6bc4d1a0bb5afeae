/** Texts of rules with `{value}`, `{device}`, `{labels.ward}` in them; `{{` and `}}` stand for the braces themselves. */

export const templateNames = ['value', 'unit', 'device', 'metric', 'level', 'limit', 'rule'] as const
/** One of the names, or `labels.NAME`. */
export type TemplateName = (typeof templateNames)[number] | `labels.${string}`

/** Literal text, and what is to be filled in. */
export type TemplatePart = string | { readonly name: TemplateName }

export type ParsedTemplate =
  | { readonly ok: true; readonly parts: readonly TemplatePart[] }
  /** `wrong` in words; `name`: what stands between the braces, where something does. */
  | { readonly ok: false; readonly wrong: string; readonly name: string | undefined }

export function parseTemplate(text: string): ParsedTemplate {
  const parts: TemplatePart[] = []
  let literal = ''
  for (let at = 0; at < text.length; at++) {
    const c = text[at]!
    if ((c === '{' || c === '}') && text[at + 1] === c) {
      literal += c
      at++
      continue
    }
    if (c !== '{') {
      literal += c
      continue
    }
    const end = text.indexOf('}', at)
    if (end === -1) return { ok: false, wrong: 'a { without its }', name: undefined }
    const name = text.slice(at + 1, end).trim()
    if (!isTemplateName(name)) return { ok: false, wrong: `"{${name}}" is nothing that can be filled in`, name }
    if (literal !== '') parts.push(literal)
    parts.push({ name })
    literal = ''
    at = end
  }
  if (literal !== '') parts.push(literal)
  return { ok: true, parts }
}

/** Fills a template that was checked when its rule was loaded; a text that is no template stands as it is. `lookup` gives '' for what is not there. */
export function fillTemplate(text: string, lookup: (name: TemplateName) => string): string {
  if (!text.includes('{') && !text.includes('}')) return text
  const parsed = parseTemplate(text)
  if (!parsed.ok) return text
  return parsed.parts.map((part) => (typeof part === 'string' ? part : lookup(part.name))).join('')
}

function isTemplateName(name: string): name is TemplateName {
  return templateNames.some((known) => known === name) || /^labels\..+/.test(name)
}

import type { Shape } from '../kernel/shape.ts'
import { refine, text } from '../kernel/shape.ts'
import { suggest } from '../kernel/suggest.ts'
import type { templateNames } from '../kernel/template.ts'
import { parseTemplate } from '../kernel/template.ts'

export interface TemplateOptions {
  readonly expected: string
  readonly example: string
  /** What may be filled in, besides `{labels.NAME}`. */
  readonly names: readonly (typeof templateNames)[number][]
}

/** A text with `{value}`, `{device}`, `{labels.ward}` to be filled in. */
export function templateShape({ expected, example, names }: TemplateOptions): Shape<string> {
  return refine(text({ expected, example, check: (written) => written.trim() !== '' && written.length <= 1024 }), (written, at) => {
    const parsed = parseTemplate(written)
    const there = [...names, 'labels.NAME'].map((name) => `{${name}}`).join(' ')
    if (!parsed.ok) {
      const near = parsed.name === undefined ? undefined : suggest(parsed.name, names)
      return at.refuse(parsed.wrong, near === undefined ? `there are ${there}; a brace itself is written {{` : `did you mean "{${near}}"?`)
    }
    for (const part of parsed.parts) {
      if (typeof part === 'string' || part.name.startsWith('labels.') || names.some((name) => name === part.name)) continue
      return at.refuse(`"{${part.name}}" is nothing that can be filled in here`, `there are ${there}`)
    }
    return written
  })
}

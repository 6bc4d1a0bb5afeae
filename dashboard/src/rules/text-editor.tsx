import { useRef } from 'preact/hooks'
import type { RuleProblem } from './rule-item.ts'

/** The text with the numbers of its lines; a problem stands at its line, and in words below. */
export function TextEditor({ text, problems, readOnly, onWrite }: { text: string; problems: readonly RuleProblem[]; readOnly: boolean; onWrite: (text: string) => void }) {
  const area = useRef<HTMLTextAreaElement>(null)
  const lines = text.split('\n')
  const wrong = new Set(problems.map(({ line }) => line))
  const lead = ({ line, column }: RuleProblem): void => {
    const at = lines.slice(0, Math.max(0, line - 1)).reduce((sum, { length }) => sum + length + 1, 0) + Math.max(0, column - 1)
    area.current?.focus()
    area.current?.setSelectionRange(at, at)
  }
  return (
    <>
      <div class="text-editor">
        <div class="text-lines" aria-hidden="true">{lines.map((_, index) => <span key={index} class={wrong.has(index + 1) ? 'bad' : ''}>{wrong.has(index + 1) ? '◆ ' : ''}{index + 1}</span>)}</div>
        <textarea
          ref={area} aria-label="Text of the rule, YAML" aria-invalid={problems.length > 0} aria-describedby="rule-problems" spellcheck={false} autocapitalize="off" autocomplete="off" wrap="off"
          rows={lines.length + 1} readOnly={readOnly} value={text} onInput={(event) => onWrite(event.currentTarget.value)}
        />
      </div>
      <Problems problems={problems} onLead={lead} />
    </>
  )
}

/** What is wrong, and what would be right. */
export function Problems({ problems, onLead }: { problems: readonly RuleProblem[]; onLead?: (problem: RuleProblem) => void }) {
  return (
    <ul id="rule-problems" class="problems">
      {problems.map((problem, index) => {
        const { line, column, message, remedy, path } = problem
        return (
          <li key={index}>
            {onLead !== undefined && line > 0 ? <button type="button" class="quiet bad" onClick={() => onLead(problem)}>Line {line}:{column}</button> : <code>{path}</code>}
            <span>{message}{remedy === '' ? '' : `; ${remedy}`}</span>
          </li>
        )
      })}
    </ul>
  )
}

import type { Clock } from '../../gateway/kernel/clock.ts'
import { LimenError } from '../../gateway/kernel/errors.ts'
import type { NewEvent } from '../../gateway/kernel/event.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import type { Rule } from '../../gateway/kernel/rule.ts'
import { createRuleDesk } from '../../gateway/rule-desk.ts'
import type { Files } from '../../gateway/rule-set.ts'
import { createRuleSet } from '../../gateway/rule-set.ts'
import { readRules } from '../../gateway/rules/load.ts'
import { readRulesApart } from '../../gateway/rules/load-apart.ts'
import { createRuleBook } from '../../gateway/rules/rule-book.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'
import type { MemoryStore } from './memory-store.ts'

export const ruleTargets: ReadonlySet<string> = new Set(['nurse-call'])

/** What files with this text would give. */
export function filesOf(yaml: string, file = 'rules/a.yaml'): Files {
  const { rules, texts, problems } = readRules(yaml, file, { kinds: kindSchemas, targets: ruleTargets })
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  return { rules, texts }
}

/** A gate that a test opens and shuts. */
export function createHandGate() {
  const waiting = new Map<string, () => void>()
  let open = true
  return {
    isOpen: () => open,
    mustBeOpen() {
      if (!open) throw new LimenError('STORE_FAILED', 'the gate is shut')
    },
    lost: () => { open = false },
    whenOpen(name: string, work: () => void) {
      if (open) work()
      else waiting.set(name, work)
    },
    opens() {
      open = true
      for (const work of [...waiting.values()]) work()
      waiting.clear()
    },
  }
}

/** The rules that run and the desk before them, on a store in memory; `replaced` are the sets that the engine was given. */
export function createRuleScene({ store, clock }: { store: MemoryStore; clock: Clock }) {
  const told: NewEvent[] = []
  const replaced: (readonly Rule[])[] = []
  const faults = new Map<string, string>()
  const gate = createHandGate()
  const book = createRuleBook(store)
  const set = createRuleSet({ clock, logger: silentLogger, store, book, gate, record: (event) => void told.push(event), replace: (rules) => void replaced.push(rules), changed: () => {} })
  const desk = createRuleDesk({ clock, set, book, read: (rules) => readRulesApart({ rules, targets: ruleTargets }), faulty: () => faults })
  return {
    told, replaced, faults, gate, book, set, desk,
    begin: async (yaml: string) => set.begin({ stored: await book.read(), changes: [], files: filesOf(yaml) }),
    follow: (yaml: string) => set.follow(filesOf(yaml)),
    running: () => set.running().map(({ id, message }) => `${id}: ${message}`),
  }
}

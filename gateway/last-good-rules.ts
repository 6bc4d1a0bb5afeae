import type { StoreReader, StoreWriter } from './kernel/contracts.ts'
import type { Rule } from './kernel/rule.ts'

/** The last set of rules that was right, for a start that finds the files damaged (trust.md, "Faults to survive"). */
export interface LastGoodRules {
  /** Undefined: no set was ever right here, or it was of another format. */
  read(): Promise<readonly Rule[] | undefined>
  /** Into the current batch, if it is another set than the one that is kept. Call after `read`. */
  keep(rules: readonly Rule[]): void
}

const key = 'rules'
/** Rises when a stored rule would be read wrongly. */
const format = 1

export function createLastGoodRules(store: Pick<StoreReader, 'get'> & Pick<StoreWriter, 'put' | 'onDisk'>): LastGoodRules {
  let kept: string | undefined

  return {
    async read() {
      const row = await store.get('meta', key)
      if (row === undefined) return undefined
      const text = String(row)
      const stored = JSON.parse(text) as { readonly format: number; readonly rules: readonly Rule[] }
      if (stored.format !== format) return undefined
      kept = text
      return stored.rules
    },
    keep(rules) {
      const text = JSON.stringify({ format, rules })
      if (text === kept) return
      kept = text
      store.put('meta', key, text)
      store.onDisk((error) => {
        if (error !== null && kept === text) kept = undefined
      })
    },
  }
}

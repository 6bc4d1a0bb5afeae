import type { DocumentNode, Place } from './document.ts'

/** Where rules come from, as `rules:` of limen.yaml names it. */
export type RuleSource =
  /** A path or glob as written; relative to the configuration file. `path` is `rules[2]`. */
  | { readonly kind: 'files'; readonly pattern: string; readonly place: Place; readonly path: string }
  /** A rule written in limen.yaml itself; `text` is how, undefined where it comes from the environment. */
  | { readonly kind: 'inline'; readonly node: DocumentNode; readonly path: string; readonly text?: string | undefined }

/**
 * A parsed text (YAML, or JSON, which is YAML) in which every value knows where it stands,
 * so that whoever validates it can say line and column. Made by config/yaml.ts and nothing else;
 * values that come from the environment have the same form.
 */
export interface Place {
  readonly file: string
  /** From 1; 0 where there is no text to point at. */
  readonly line: number
  readonly column: number
}

export interface ScalarNode {
  readonly kind: 'scalar'
  readonly place: Place
  /** As YAML reads it. */
  readonly value: string | number | boolean | null
  /** As it was written, without quotes. */
  readonly text: string
  /** Plain scalars may still be read otherwise (`on` is a text in YAML 1.2, but ON to a person). */
  readonly quoted: boolean
}
export interface ListNode { readonly kind: 'list'; readonly place: Place; readonly items: readonly DocumentNode[] }
export interface MapEntry { readonly key: string; readonly place: Place; readonly value: DocumentNode }
/** Keys are unique; any text may be a key, `__proto__` too. */
export interface MapNode { readonly kind: 'map'; readonly place: Place; readonly entries: readonly MapEntry[] }

export type DocumentNode = ScalarNode | ListNode | MapNode

import { inspect } from 'node:util'

/** A password, token or key. Printing, logging or serialising one shows `[secret]`; only `reveal()` gives the text. */
export interface Secret {
  reveal(): string
  toJSON(): string
  toString(): string
}

export function createSecret(text: string): Secret {
  const hidden = () => '[secret]'
  return Object.freeze({ reveal: () => text, toJSON: hidden, toString: hidden, [inspect.custom]: hidden })
}

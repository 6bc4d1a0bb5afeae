import { textOf } from './fields.ts'

/** What was published on `events/{type}`, as the event's data: JSON where it is, else its text, which an application event may be. */
export function readApplicationData(payload: Uint8Array): unknown {
  // What is no UTF-8 is kept with replacement characters: an event is for routes and people, not for arithmetic.
  const text = textOf(payload) ?? Buffer.from(payload).toString('utf8')
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

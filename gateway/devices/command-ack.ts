export type AckStatus = 'accepted' | 'executing' | 'done' | 'rejected' | 'expired'
const statuses: readonly AckStatus[] = ['accepted', 'executing', 'done', 'rejected', 'expired']

export type Ack =
  | { readonly ok: true; readonly id: string; readonly status: AckStatus; readonly reason: string | null }
  | { readonly ok: false; readonly reason: string }

const longestBytes = 4_096
const longestReason = 200

/** `{"id","status":"accepted|executing|done|rejected|expired","reason"}` of `devices/{device}/{actuator}/ack`. */
export function parseAck(payload: Uint8Array): Ack {
  if (payload.length > longestBytes) return wrong(`${payload.length} bytes are too many`)
  let given: unknown
  try {
    given = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8'))
  } catch {
    return wrong('this is no JSON')
  }
  if (typeof given !== 'object' || given === null) return wrong('this is no JSON object')
  const { id, status, reason } = given as { id?: unknown; status?: unknown; reason?: unknown }
  if (typeof id !== 'string' || id === '') return wrong('the id of the command is missing')
  const known = statuses.find((word) => word === status)
  if (known === undefined) return wrong('the status is unknown')
  return { ok: true, id, status: known, reason: typeof reason === 'string' && reason !== '' ? reason.slice(0, longestReason) : null }
}

function wrong(what: string): Ack {
  return { ok: false, reason: `${what}; write {"id":"…","status":"accepted|executing|done|rejected|expired"}` }
}

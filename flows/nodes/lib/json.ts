/** A JSON object, or undefined for anything else. */
export function readObject(payload: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  const given = readJson(payload)
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as Record<string, unknown>) : undefined
}

/** Undefined where it is no JSON. */
export function readJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString())
  } catch {
    // Not from the gateway, or not for us.
    return undefined
  }
}

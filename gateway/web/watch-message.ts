const mostDevices = 500
const longestId = 1_024

/** What a live socket's client may say: `{"watch": ["bed-1", …]}`, which replaces the devices watched before; an empty list ends it. */
export function readWatch(text: string): { readonly watch: readonly string[] } | { readonly wrong: string } {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    return { wrong: 'expected JSON: {"watch":["device"]}' }
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given) || !Object.hasOwn(given, 'watch') || Object.keys(given).length !== 1) {
    return { wrong: 'expected {"watch":["device"]} and nothing else' }
  }
  const { watch } = given as { watch: unknown }
  if (!Array.isArray(watch) || watch.length > mostDevices) return { wrong: `watch: expected a list of at most ${mostDevices} devices` }
  if (!watch.every((id) => typeof id === 'string' && id !== '' && id.length <= longestId)) return { wrong: 'watch: expected names of devices' }
  return { watch: watch as string[] }
}

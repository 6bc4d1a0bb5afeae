/** `ON`/`OFF` and `true`/`false`, in any case, mean a boolean (delivery.md, "Actuators"); undefined for any other text. */
export function truthOf(text: string): boolean | undefined {
  if (text.length > 5) return undefined
  switch (text.toLowerCase()) {
    case 'on':
    case 'true':
      return true
    case 'off':
    case 'false':
      return false
    default:
      return undefined
  }
}

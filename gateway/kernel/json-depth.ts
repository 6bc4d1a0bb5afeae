/** Nothing that is meant for us nests deeper; what recurses over it later must not run out of stack. */
export const deepestJson = 64

/** How deep a JSON text nests, without parsing it: brackets outside strings. */
export function depthOf(text: string): number {
  let depth = 0
  let most = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (inString) {
      if (c === 92 /* \ */) i++
      else if (c === 34 /* " */) inString = false
    } else if (c === 34) inString = true
    else if (c === 123 /* { */ || c === 91 /* [ */) most = Math.max(most, ++depth)
    else if (c === 125 /* } */ || c === 93 /* ] */) depth--
  }
  return most
}

/** Does an MQTT topic filter match a topic [MQTT-4.7]? */
export function filterMatches(filter: string, topic: string): boolean {
  const wanted = filter.split('/')
  const given = topic.split('/')
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '#') return true
    if (i >= given.length) return false
    if (wanted[i] !== '+' && wanted[i] !== given[i]) return false
  }
  return wanted.length === given.length
}

/** Is everything `filter` can match also matched by `other`? */
export function filterIsSubset(filter: string, other: string): boolean {
  const asked = filter.split('/')
  const wider = other.split('/')
  for (let i = 0; i < wider.length; i++) {
    if (wider[i] === '#') return true
    if (i >= asked.length || asked[i] === '#') return false
    if (wider[i] !== '+' && asked[i] !== wider[i]) return false
  }
  return asked.length === wider.length
}

/** `/ + # %` are percent-encoded in topics of the gateway. */
export function encodeLevel(text: string): string {
  return text.replace(/[%/+#]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

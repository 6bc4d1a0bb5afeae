/**
 * Writes any text as one MQTT topic level: `/ + # %` (and NUL) are percent-encoded,
 * as interface.md asks for `{key}` and `{rule}` of `limen/alarms/{key}/{rule}`.
 */
export function encodeTopicLevel(text: string): string {
  // eslint-disable-next-line no-control-regex -- NUL may not stand in a topic [MQTT-4.7.3-2]
  return text.replace(/[%/+#\u0000]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

/** Does an MQTT topic filter match a topic [MQTT-4.7]? A leading wildcard does not match `$…` topics. */
export function filterMatches(filter: string, topic: string): boolean {
  if (topic.charCodeAt(0) === 36 /* $ */ && (filter.startsWith('#') || filter.startsWith('+'))) return false
  const wanted = filter.split('/')
  const given = topic.split('/')
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '#') return true
    if (i >= given.length) return false
    if (wanted[i] !== '+' && wanted[i] !== given[i]) return false
  }
  return wanted.length === given.length
}

/** Is everything `filter` can match also matched by `granted`? */
export function filterIsSubset(filter: string, granted: string): boolean {
  const asked = filter.split('/')
  const allowed = granted.split('/')
  for (let i = 0; i < allowed.length; i++) {
    if (allowed[i] === '#') return true
    if (i >= asked.length || asked[i] === '#') return false
    if (allowed[i] === '+') continue
    if (asked[i] !== allowed[i]) return false
  }
  return asked.length === allowed.length
}

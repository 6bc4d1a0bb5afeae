/**
 * Topics and filters as MQTT 3.1.1 allows them [MQTT-4.7]. A name that was not UTF-8 on the wire was decoded to U+FFFD,
 * so that character stands for "not well-formed" [MQTT-1.5.3-1]; a client that really means it is refused as well.
 */
export function isPlainText(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- NUL is what is looked for [MQTT-1.5.3-2]
  return !/[\u0000\uFFFD]/.test(text)
}

export function levelCount(topic: string): number {
  let levels = 1
  for (let i = 0; i < topic.length; i++) if (topic.charCodeAt(i) === 47) levels++
  return levels
}

/** A topic one may publish to: not empty, no wildcards, not too deep. */
export function isTopic(topic: string, maxLevels: number): boolean {
  return topic.length > 0 && isPlainText(topic) && !topic.includes('#') && !topic.includes('+') && levelCount(topic) <= maxLevels
}

/** `+` only as a whole level, `#` only as the whole last one [MQTT-4.7.1-2, MQTT-4.7.1-3]. */
export function isFilter(filter: string, maxLevels: number): boolean {
  if (filter.length === 0 || !isPlainText(filter)) return false
  const levels = filter.split('/')
  if (levels.length > maxLevels) return false
  return levels.every((level, i) =>
    level.includes('#') ? level === '#' && i === levels.length - 1 : !level.includes('+') || level === '+')
}

/** A filter made ready to be asked many times. */
export function compileFilter(filter: string): (topic: string) => boolean {
  if (!filter.includes('+')) {
    if (filter === '#') return (topic) => topic.charCodeAt(0) !== 36
    if (!filter.endsWith('/#')) return (topic) => topic === filter
    const parent = filter.slice(0, -2)
    const prefix = filter.slice(0, -1)
    return (topic) => topic.startsWith(prefix) || topic === parent
  }
  const wanted = filter.split('/')
  const open = wanted.at(-1) === '#'
  const fixed = open ? wanted.length - 1 : wanted.length
  const hidden = filter.startsWith('+')
  return (topic) => {
    if (hidden && topic.charCodeAt(0) === 36) return false
    const given = topic.split('/')
    if (open ? given.length < fixed : given.length !== fixed) return false
    for (let i = 0; i < fixed; i++) if (wanted[i] !== '+' && wanted[i] !== given[i]) return false
    return true
  }
}

/** What somebody typed, as it is sent: a number, true or false where it reads as one, else the words. */
export function readValue(text: string): number | boolean | string {
  const trimmed = text.trim()
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true'
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(trimmed) && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed
}

/** `name=value`, one a line. Gives what is wrong with it as a text. */
export function readLabels(text: string): Readonly<Record<string, string>> | string {
  const labels: Record<string, string> = Object.create(null) as Record<string, string>
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const at = line.indexOf('=')
    const name = line.slice(0, at).trim()
    if (at < 0 || name === '') return `“${line.trim()}”: write name=value`
    if (labels[name] !== undefined) return `${name} stands twice`
    labels[name] = line.slice(at + 1).trim()
  }
  return { ...labels }
}

export function writeLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join('\n')
}

export interface ParsedLine {
  readonly measurement: string
  readonly tags: Readonly<Record<string, string>>
  /** As written; a text keeps its quotes. */
  readonly fields: Readonly<Record<string, string>>
  readonly timestamp: string
}

/** A reader of InfluxDB's line protocol of its own, character by character, as InfluxDB's documentation describes it. */
export function parseLine(line: string): ParsedLine {
  let at = 0

  function until(stops: string, escapable: string): string {
    let text = ''
    while (at < line.length && !stops.includes(line[at]!)) {
      if (line[at] === '\\' && at + 1 < line.length && escapable.includes(line[at + 1]!)) at++
      text += line[at++]
    }
    return text
  }

  function quoted(): string {
    let text = '"'
    for (at++; line[at] !== '"'; at++) {
      if (at >= line.length) throw new Error(`open quote in: ${line}`)
      if (line[at] === '\\' && (line[at + 1] === '"' || line[at + 1] === '\\')) at++
      text += line[at]
    }
    at++
    return `${text}"`
  }

  function expect(char: string): void {
    if (line[at++] !== char) throw new Error(`expected ${JSON.stringify(char)} at ${at - 1} of: ${line}`)
  }

  const measurement = until(', ', ', ')
  const tags: Record<string, string> = {}
  while (line[at] === ',') {
    at++
    const key = until('=, ', ',= ')
    expect('=')
    tags[key] = until('=, ', ',= ')
  }
  expect(' ')
  const fields: Record<string, string> = {}
  do {
    if (line[at] === ',') at++
    const key = until('=, ', ',= ')
    expect('=')
    fields[key] = line[at] === '"' ? quoted() : until(', ', '')
  } while (line[at] === ',')
  expect(' ')
  const timestamp = line.slice(at)
  if (!/^-?\d+$/.test(timestamp)) throw new Error(`no timestamp in: ${line}`)
  return { measurement, tags, fields, timestamp }
}

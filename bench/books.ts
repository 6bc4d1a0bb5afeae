import type { Server } from './servers/process.ts'

/**
 * Did the gateway do the work it acknowledged? Every acknowledged reading of a fresh gateway must be among those it
 * counts as stored, none as duplicate or rejected: else the figure says nothing. Gives what is wrong.
 */
export async function booksOf(server: Server, acknowledged: number): Promise<string | undefined> {
  if (server.httpPort === undefined) return undefined
  const response = await fetch(`http://127.0.0.1:${server.httpPort}/metrics`)
  if (!response.ok) return `its metrics cannot be read: ${response.status}`
  const text = await response.text()
  const stored = sumOf(text, 'limen_readings_total')
  const duplicate = sumOf(text, 'limen_readings_duplicate_total')
  const rejected = sumOf(text, 'limen_readings_rejected_total')
  if (stored < acknowledged) return `acknowledged ${acknowledged} readings, but counts only ${stored}`
  if (duplicate > 0 || rejected > 0) return `counts ${duplicate} duplicates and ${rejected} rejected readings, which were not sent`
  return undefined
}

/** All series of a metric in Prometheus' text form. */
function sumOf(text: string, name: string): number {
  return text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

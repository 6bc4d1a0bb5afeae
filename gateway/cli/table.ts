/** Rows as columns; the first names them. A server's words are in a cause, a device's in a subject: neither may steer the terminal. */
export function writeTable(out: NodeJS.WritableStream, rows: readonly (readonly string[])[]): void {
  const shown = rows.map((row) => row.map((cell) => cell.replace(/\p{C}+/gu, ' ')))
  const widths = shown[0]!.map((_, column) => Math.max(...shown.map((row) => row[column]!.length)))
  for (const row of shown) out.write(`${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd()}\n`)
}

import type { GatewayProcess } from './gateway-process.ts'

/** What the gateway's journal says, and what a backtest over its log says, in the same words. */
export interface Tellings {
  readonly journal: readonly object[]
  readonly backtest: readonly object[]
  readonly summary: { readonly stateHash: string; readonly late: number; readonly readings: number }
}

const linesOf = (text: string): Record<string, unknown>[] => text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>)

export async function bothTellings(limen: GatewayProcess): Promise<Tellings> {
  const journal = await limen.run('export', '--alarms', '--format', 'ndjson')
  const replayed = await limen.run('backtest')
  for (const { code, stderr } of [journal, replayed]) if (code !== 0 || stderr !== '') throw new Error(`exit code ${code}: ${stderr}`)
  const lines = linesOf(replayed.stdout)
  const { summary } = lines.pop() as unknown as { summary: Tellings['summary'] }
  const telling = (of: Record<string, unknown>, to: unknown, wallMs: number): object => ({
    wallMs, rule: of['rule'], key: of['key'], event: of['event'], from: of['from'], to, level: of['level'], value: of['value'], overlays: of['overlays'], quality: of['quality'],
    occurrence: of['occurrence'], reason: of['reason'] ?? null,
  })
  return {
    journal: linesOf(journal.stdout).map(({ data, time }) => telling(data as Record<string, unknown>, (data as Record<string, unknown>)['state'], Date.parse(String(time)))),
    backtest: lines.map((line) => telling(line, line['to'], Number(line['wallMs']))),
    summary,
  }
}

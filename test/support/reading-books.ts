/** The two sides of the books: what a publisher saw acknowledged, and what is stored. */
export interface Claim { readonly device: string; readonly acknowledged: ReadonlySet<number> }

export interface Finding {
  readonly device: string
  readonly acknowledged: number
  readonly stored: number
  /** Acknowledged, and not stored. */
  readonly missing: readonly number[]
  /** Stored more than once. */
  readonly twice: readonly number[]
}

/** Compares claims with what `limen export --format ndjson` printed. */
export function compareBooks(claims: readonly Claim[], ndjson: string): Finding[] {
  const stored = new Map(claims.map(({ device }) => [device, new Map<number, number>()]))
  for (const line of ndjson.split('\n')) {
    if (line === '') continue
    const { device, value } = JSON.parse(line) as { device: string; value: number }
    const counts = stored.get(device)
    counts?.set(value, (counts.get(value) ?? 0) + 1)
  }
  return claims.map(({ device, acknowledged }) => {
    const counts = stored.get(device)!
    return {
      device,
      acknowledged: acknowledged.size,
      stored: counts.size,
      missing: [...acknowledged].filter((value) => !counts.has(value)),
      twice: [...counts].filter(([, count]) => count > 1).map(([value]) => value),
    }
  })
}

export interface LedgerLine { readonly received: number; readonly delivered: number; readonly queued: number; readonly deadLettered: number; readonly dropped: Readonly<Record<string, number>> }

/** The gateway's own books of one target. */
export async function ledgerOf(httpUrl: string, target: string): Promise<LedgerLine> {
  const response = await fetch(`${httpUrl}/api/v1/ledger`)
  const { targets } = (await response.json()) as { targets: Record<string, LedgerLine> }
  const line = targets[target]
  if (line === undefined) throw new Error(`the ledger has no target ${target}: ${JSON.stringify(targets)}`)
  return line
}

/** received − delivered − queued − deadLettered − Σ dropped: 0, at any moment. */
export function imbalance({ received, delivered, queued, deadLettered, dropped }: LedgerLine): number {
  return received - delivered - queued - deadLettered - Object.values(dropped).reduce((sum, count) => sum + count, 0)
}

import type { LedgerLine } from '../../../gateway/kernel/contracts.ts'
import { ask } from '../data/api.ts'
import { useLoaded } from '../data/loaded.ts'
import { AsOf } from '../parts/as-of.tsx'
import { Panel } from '../parts/panel.tsx'
import { whenRead } from '../parts/when-read.tsx'
import { differenceOf } from './balance.ts'

const number = (value: number): string => value.toLocaleString('en')

/** The books: what was asked for is delivered, waits, was given up or dropped; nothing is lost between. */
export function Ledger({ tick }: { tick: number }) {
  const books = useLoaded('ledger', (signal) => ask<{ targets: Readonly<Record<string, LedgerLine>> }>('ledger', { signal }), tick)
  return (
    <Panel title="Ledger" aside={<AsOf />}>
      {whenRead(books, 'The ledger', ({ targets }) => Object.keys(targets).length === 0 ? <p class="muted">No targets: nothing is to be delivered.</p> : (
          <table class="stacks number">
            <thead><tr>{['Target', 'Received', 'Delivered', 'Queued', 'Dead letters', 'Dropped', 'Books'].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
            <tbody>
              {Object.entries(targets).map(([target, row]) => {
                const difference = differenceOf(row)
                return (
                  <tr key={target} data-target={target}>
                    <th scope="row">{target}</th>
                    <td data-label="received">{number(row.received)}</td>
                    <td data-label="= delivered">{number(row.delivered)}</td>
                    <td data-label="+ queued">{number(row.queued)}</td>
                    <td data-label="+ dead letters" class={row.deadLettered > 0 ? 'bad' : ''}>{number(row.deadLettered)}</td>
                    <td data-label="+ dropped">{Object.entries(row.dropped).map(([reason, dropped]) => `${number(dropped)} ${reason}`).join(', ') || '0'}</td>
                    <td class={difference === 0 ? 'muted' : 'bad'}>{difference === 0 ? '✓ balance' : `◆ differ by ${number(difference)}`}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        ))}
    </Panel>
  )
}

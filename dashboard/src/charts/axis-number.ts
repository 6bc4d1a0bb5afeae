import { unitText } from '../parts/format.ts'

const rounds = [1, 2, 2.5, 5, 10]

/** Where on an axis of numbers something is written: round ones, at most so many between both ends. */
export function numberSplits({ min, max, most }: { min: number; max: number; most: number }): number[] {
  const least = (max - min) / Math.max(1, most)
  if (!(least > 0) || !Number.isFinite(least)) return []
  const power = 10 ** Math.floor(Math.log10(least))
  const step = power * rounds.find((round) => round * power >= least * (1 - 1e-9))!
  const found: number[] = []
  // Counted, not summed up: 0.1 + 0.2 is not round.
  for (let index = Math.ceil(min / step - 1e-9); index * step <= max + step * 1e-9; index++) found.push(Number((index * step).toPrecision(12)))
  return found
}

/** All with as many decimals; the unit stands at the topmost. */
export function numberLabels(splits: readonly number[], unit: string | null): string[] {
  const shown = unitText(unit)
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0))
  const digits = Math.min(6, String(Number(step.toPrecision(4))).split('.')[1]?.length ?? 0)
  return splits.map((split, index) => `${split.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}${index === splits.length - 1 && shown !== '' ? ` ${shown}` : ''}`)
}

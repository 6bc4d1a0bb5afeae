import type { Schedule } from '../kernel/rule.ts'

export function isOpen(_schedule: Schedule, _wallMs: number): boolean {
  return true
}

export function nextChange(_schedule: Schedule, _wallMs: number): number {
  return Infinity
}

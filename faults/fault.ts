import type { Finding } from './books.ts'

export interface FaultContext {
  readonly rounds: number
  readonly tell: (line: string) => void
}

/** Does harm to a gateway of its own, and says what it cost. Throws where the gateway did not come through. */
export type Fault = (context: FaultContext) => Promise<readonly Finding[]>

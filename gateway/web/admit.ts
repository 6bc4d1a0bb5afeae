import type { Accept, Incoming, Receipt } from '../kernel/contracts.ts'
import { LimenError } from '../kernel/errors.ts'
import { HttpProblem } from './problem.ts'

/** Through the one door; resolves once it is on disk. What could not be stored is a 503 with Retry-After. */
export function admit(accept: Accept, input: Incoming): Promise<Receipt> {
  return new Promise((resolve, reject) => {
    accept(input, (error, receipt) => {
      if (error === null) resolve(receipt)
      else reject(error instanceof LimenError ? error : new LimenError('STORE_FAILED', 'it could not be stored', { cause: error, remedy: 'send it again' }))
    })
  })
}

/** A receipt that has not what was asked for: the pipeline met a fault of its own and has logged it. */
export function fault(): HttpProblem {
  return new HttpProblem('INTERNAL', 'something went wrong inside Limen; its log says more')
}

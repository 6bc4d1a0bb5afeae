import type { FastifyInstance } from 'fastify'
import { HttpProblem } from '../problem.ts'
import { ref } from '../schemas.ts'

export function backtestRoutes(app: FastifyInstance): void {
  app.post('/rules/backtest', { config: { access: 'operator', bodyOptional: true }, schema: { summary: 'Try rules on what was recorded', tags: ['rules'], response: { 501: ref('Problem') } } }, async () => {
    throw new HttpProblem('NOT_IN_THIS_VERSION', 'backtests over HTTP are not in this version')
  })
}

import type { FastifyInstance } from 'fastify'
import type { WebContext } from '../context.ts'
import { metricsType, renderMetrics } from '../metrics-text.ts'

const checks = { type: 'object', properties: { status: { type: 'string' }, checks: { type: 'object' } } }

/** What watchers ask: containers, systemd, Prometheus. At the root, not under /api. */
export function healthRoutes(app: FastifyInstance, context: WebContext): void {
  const tags = ['health']

  app.get('/healthz', { config: { access: 'public' }, schema: { summary: 'The process lives', tags, response: { 200: checks } } }, async () => ({ status: 'ok' }))

  app.get('/readyz', { config: { access: 'public' }, schema: { summary: 'Store writable and broker listening', tags, response: { 200: checks, 503: checks } } }, async (_request, reply) => {
    const health = context.health()
    return reply.code(health.ready ? 200 : 503).send({ status: health.ready ? 'ready' : 'not ready', checks: health.checks })
  })

  app.get(
    '/metrics',
    {
      config: { access: 'viewer', basic: true },
      schema: { summary: 'Figures for Prometheus; a scraper may send name and password with the request (HTTP Basic)', tags, produces: metricsType, response: { 200: { type: 'string' } } },
    },
    async (_request, reply) => reply.type(metricsType).send(renderMetrics(context.metrics)),
  )
}

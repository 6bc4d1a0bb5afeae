import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { WebContext } from '../context.ts'
import type { DashboardFiles } from '../dashboard-files.ts'
import { indexPage } from '../pages.ts'
import { notFound } from '../problem.ts'

/** The pages of the dashboard, each with all below it: one document, which shows what the address says. */
const pages = ['alarms', 'devices', 'rules', 'history', 'kpi', 'system'] as const

/** Files' names hold a hash of their content. */
const forEver = 'public, max-age=31536000, immutable'
const html = 'text/html; charset=utf-8'

/** The dashboard, and the list of addresses; where the dashboard is not built the list stands in its place. */
export function dashboardRoutes(app: FastifyInstance, context: WebContext, files: DashboardFiles): void {
  const schema = { tags: ['pages'] }
  const route = { config: { access: 'public' }, schema } as const

  async function send({ request, reply }: { request: FastifyRequest; reply: FastifyReply }, name: string, cacheControl: string): Promise<FastifyReply> {
    const file = await files.read(name, { gzip: acceptsGzip(request.headers['accept-encoding']) })
    if (file === undefined) throw notFound(`there is no file ${name.slice(0, 200)} of the dashboard`)
    void reply.headers({ 'cache-control': cacheControl, etag: file.etag, vary: 'accept-encoding' })
    if (isKnown(request.headers['if-none-match'], file.etag)) return reply.code(304).send()
    if (file.encoding !== undefined) void reply.header('content-encoding', file.encoding)
    return reply.type(file.type).send(file.body)
  }

  async function page(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (request.caller === undefined) return reply.redirect('/login', 303)
    return files.built ? send({ request, reply }, 'index.html', 'no-cache') : addresses(request, reply)
  }

  async function addresses({ caller }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (caller === undefined) return reply.redirect('/login', 303)
    return reply.type(html).send(indexPage({ site: context.options.site, principal: caller.principal, built: files.built }, context.routes()))
  }

  app.get('/', route, page)
  for (const name of pages) {
    app.get(`/${name}`, route, page)
    app.get(`/${name}/*`, route, page)
  }
  app.get('/api', route, addresses)
  app.get<{ Params: { '*': string } }>('/assets/*', route, async (request, reply) => send({ request, reply }, `assets/${request.params['*']}`, forEver))
  for (const name of files.rootNames) app.get(`/${name}`, route, async (request, reply) => send({ request, reply }, name, 'no-cache'))
}

/** RFC 9110, 12.5.3: named, or by `*`, and not with a weight of 0. */
function acceptsGzip(header: string | string[] | undefined): boolean {
  const codings = String(header ?? '').toLowerCase().split(',').map((coding) => coding.trim())
  const named = codings.find((coding) => /^(?:x-)?gzip(?:$|[\s;])/.test(coding)) ?? codings.find((coding) => coding.startsWith('*'))
  return named !== undefined && !/;\s*q=0(?:\.0*)?$/.test(named)
}

/** RFC 9110, 13.1.2: the weak comparison. */
function isKnown(header: string | undefined, etag: string): boolean {
  return header !== undefined && header.split(',').some((given) => given.trim() === '*' || given.trim().replace(/^W\//, '') === etag.replace(/^W\//, ''))
}

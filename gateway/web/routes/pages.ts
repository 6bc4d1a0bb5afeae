import type { FastifyInstance } from 'fastify'
import type { WebContext } from '../context.ts'
import { dashboardDirectory, openDashboardFiles } from '../dashboard-files.ts'
import { logIn, logOut } from '../login.ts'
import { loginPage, styleSheet } from '../pages.ts'
import { HttpProblem } from '../problem.ts'
import { dashboardRoutes } from './dashboard.ts'

const html = 'text/html; charset=utf-8'

/** For people with a browser: the dashboard, and what works without a script. A scope of its own, since forms are read here only. */
export async function pageRoutes(app: FastifyInstance, context: WebContext): Promise<void> {
  const { site } = context.options
  const schema = { tags: ['pages'] }
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: 8_192 }, (_request, body, done) => done(null, new URLSearchParams(body as string)))

  dashboardRoutes(app, context, await openDashboardFiles(context.options.dashboardDir ?? dashboardDirectory))

  app.get('/style.css', { config: { access: 'public' }, schema }, async (_request, reply) => reply.type('text/css; charset=utf-8').send(styleSheet))

  app.get('/login', { config: { access: 'public' }, schema }, async (_request, reply) => reply.type(html).send(loginPage(site)))

  app.post<{ Body: URLSearchParams | undefined }>('/login', { config: { access: 'public' }, schema }, async (request, reply) => {
    const name = request.body?.get('name') ?? ''
    const password = request.body?.get('password') ?? ''
    try {
      await logIn(context, { request, reply }, { name, password })
    } catch (thrown) {
      if (!(thrown instanceof HttpProblem)) throw thrown
      return reply.code(thrown.status).headers(thrown.headers).type(html).send(loginPage(site, thrown.message))
    }
    return reply.redirect('/', 303)
  })

  app.post('/logout', { config: { access: 'public' }, schema }, async (request, reply) => {
    logOut(context, { request, reply })
    return reply.redirect('/login', 303)
  })
}

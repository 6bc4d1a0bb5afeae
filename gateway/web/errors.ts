import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../kernel/log.ts'
import type { RegisteredRoute } from './context.ts'
import { securityHeaders } from './guard.ts'
import { documentOf, HttpProblem, problemOf } from './problem.ts'

const problemType = 'application/problem+json; charset=utf-8'

function answer(thrown: unknown, { request, reply, logger }: { request: FastifyRequest; reply: FastifyReply; logger: Logger }): FastifyReply {
  const { problem, internal } = problemOf(thrown)
  if (internal) logger.error({ err: thrown, method: request.method, route: request.routeOptions.url }, 'a request failed')
  return reply.code(problem.status).headers({ ...securityHeaders, ...problem.headers }).type(problemType).send(JSON.stringify(documentOf(problem, request.url)))
}

/** Every error a client can meet is a problem document, those before there is a route too. */
export const answerErrors = {
  /** For what Fastify meets before any hook: an address that cannot be decoded, a request that is not HTTP. */
  options: (logger: Logger) => ({
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => void answer(error, { request, reply, logger }),
    clientErrorHandler(error: Error & { code?: string }, socket: Socket) {
      if (!socket.writable || error.code === 'ECONNRESET') {
        socket.destroy()
        return
      }
      const [status, detail] = error.code === 'HPE_HEADER_OVERFLOW' ? ['431 Request Header Fields Too Large', 'the headers are too long']
        : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? ['408 Request Timeout', 'the request took too long to arrive'] : ['400 Bad Request', 'this is not HTTP']
      const body = JSON.stringify({ type: 'urn:limen:problem:bad-input', title: 'The request is not right', status: Number(status.slice(0, 3)), detail, instance: '/', code: 'BAD_INPUT' })
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    },
  }),

  install(app: FastifyInstance, { logger, routes }: { logger: Logger; routes: () => readonly RegisteredRoute[] }): void {
    app.setErrorHandler((thrown, request, reply) => answer(thrown, { request, reply, logger }))
    app.setNotFoundHandler((request) => {
      const path = request.url.split('?', 1)[0]!
      const methods = new Set(routes().filter((route) => patternOf(route.url).test(path)).map((route) => route.method))
      if (methods.size === 0) throw new HttpProblem('NOT_FOUND', `there is nothing at ${path.slice(0, 200)}; GET /api lists what there is`)
      const allow = [...methods].sort().join(', ')
      throw new HttpProblem('METHOD_NOT_ALLOWED', `${request.method} is not for this address; it takes ${allow}`, { headers: { allow } })
    })
  },
}

function patternOf(url: string): RegExp {
  return new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+').replace(/\\\*$/, '.+')}/?$`)
}

import type { FastifyInstance, FastifyReply } from 'fastify'
import type { XStatic } from 'typebox/schema'
import { hasRole } from '../access.ts'
import type { WebContext } from '../context.ts'
import { createEventFilter } from '../event-filter.ts'
import { positionSchema } from '../paging.ts'
import { badRequest, HttpProblem } from '../problem.ts'
import { ref } from '../schemas.ts'
import type { Sink } from '../stream.ts'

const query = {
  type: 'object',
  additionalProperties: false,
  properties: {
    after: { ...positionSchema, description: 'begin after this position of the log; Last-Event-ID goes before; without either: with what comes now' },
    types: { type: 'string', maxLength: 4_096, description: 'types of events, or their beginnings with *, commas between: limen.alarm.*,limen.device.*' },
    device: { type: 'string', maxLength: 1_024 },
    readings: { type: 'boolean', description: 'readings, too, as events of type limen.reading; default false unless types names it' },
  },
} as const

const liveQuery = { type: 'object', additionalProperties: false, properties: { after: query.properties.after } } as const

export function streamRoutes(app: FastifyInstance, { stream, access }: WebContext): void {
  app.get<{ Querystring: XStatic<typeof query> }>(
    '/stream',
    {
      exposeHeadRoute: false,
      config: { access: 'viewer' },
      schema: {
        summary: 'Events as they happen (server-sent events); id is the position in the log, Last-Event-ID resumes there',
        tags: ['events'], querystring: query, produces: 'text/event-stream',
        response: { 200: { type: 'string', description: 'id, event (the type), data (the CloudEvent); `gap` where the log no longer holds what was missed' }, 503: ref('Problem') },
      },
    },
    (request, reply) => {
      const after = resumeAfter(request.headers['last-event-id']) ?? request.query.after
      if (stream.full()) throw new HttpProblem('OVERLOADED', 'as many streams as are allowed are open; close one', { headers: { 'retry-after': '10' } })
      const { types, device, readings } = request.query
      reply.hijack()
      reply.raw.writeHead(200, { ...plainHeaders(reply), 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
      const leave = stream.join({
        sink: sinkOf(reply),
        filter: createEventFilter({ types, device, readings }),
        after,
        allowed: () => {
          const caller = access.callerOf(request.raw, { touch: false })
          return caller !== undefined && hasRole(caller.principal, 'viewer')
        },
      })
      reply.raw.once('close', leave)
    },
  )

  // The upgrade itself never gets here (live-socket.ts): this tells of it, and answers who asks without one.
  app.get(
    '/live',
    {
      exposeHeadRoute: false,
      config: { access: 'viewer' },
      schema: {
        summary: 'The same as a WebSocket, with pulse and values of watched devices: {"watch":["bed-1"]}', tags: ['events'], querystring: liveQuery,
        response: { 101: { type: 'null', description: 'messages of whole frames of the event stream (all events but readings), and `pulse` and `values` without an id' }, 426: ref('Problem'), 503: ref('Problem') },
      },
    },
    async () => {
      throw new HttpProblem('UPGRADE_REQUIRED', 'this is a WebSocket; event streams without one: GET /api/v1/stream', { headers: { upgrade: 'websocket', connection: 'upgrade' } })
    },
  )
}

function resumeAfter(header: string | readonly string[] | undefined): number | undefined {
  if (header === undefined || header === '') return undefined
  if (typeof header !== 'string' || !/^\d{1,15}$/.test(header)) throw badRequest([{ member: 'Last-Event-ID', detail: 'expected the id of an event of this stream' }])
  return Number(header)
}

function plainHeaders(reply: FastifyReply): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).flatMap(([name, value]) => (value === undefined ? [] : [[name, typeof value === 'number' ? String(value) : value]])))
}

function sinkOf(reply: FastifyReply): Sink {
  const { raw } = reply
  return {
    write: (text) => void raw.write(text),
    unsentBytes: () => raw.writableLength,
    onceDrained(callback) {
      if (!raw.writableNeedDrain) {
        setImmediate(callback)
        return
      }
      raw.once('drain', callback)
      raw.once('close', callback)
    },
    // A client that does not read would never see a polite end.
    end: () => (raw.writableLength > 0 ? raw.destroy() : raw.end()),
  }
}

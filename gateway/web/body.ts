import type { FastifyInstance } from 'fastify'
import { asError } from '../kernel/errors.ts'
import { deepestJson, depthOf } from '../kernel/json-depth.ts'
import { HttpProblem } from './problem.ts'

export const jsonTypes = ['application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json'] as const

/**
 * JSON only, whatever the route: no form, no text, so that no page elsewhere can send something "simple" past its browser.
 * An empty body is no body. `__proto__` and `constructor.prototype` are refused.
 */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser([...jsonTypes], { parseAs: 'string' }, (request, body, done) => {
    const text = body as string
    if (text.trim() === '') return done(null, undefined)
    if (depthOf(text) > deepestJson) return done(new HttpProblem('BAD_INPUT', `the body nests deeper than ${deepestJson} levels`))
    return parse(request, text, (error, value) => {
      if (error === null) return done(null, value)
      return done(new HttpProblem('BAD_INPUT', `the body is not JSON that can be taken: ${asError(error).message}`))
    })
  })
}

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
      return done(new HttpProblem('BAD_INPUT', `the body is not JSON that can be taken: ${whyNot(text)}`))
    })
  })
}

/** The parser says only that it is none; where, and that some JSON is refused for what it holds, nobody would know. Nothing of the body is repeated: it may hold a password. */
function whyNot(text: string): string {
  try {
    JSON.parse(text)
  } catch (error) {
    return asError(error).message.replace(/, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, '')
  }
  return 'a member is called __proto__, or constructor with a prototype; leave it out'
}

import type { FastifyInstance } from 'fastify'
import { asError } from '../kernel/errors.ts'
import { HttpProblem } from './problem.ts'

export const jsonTypes = ['application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json'] as const

/** Nothing that is meant for us nests deeper; what recurses over a body later must not run out of stack. */
const deepest = 64

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
    if (depthOf(text) > deepest) return done(new HttpProblem('BAD_INPUT', `the body nests deeper than ${deepest} levels`))
    return parse(request, text, (error, value) => {
      if (error === null) return done(null, value)
      return done(new HttpProblem('BAD_INPUT', `the body is not JSON that can be taken: ${asError(error).message}`))
    })
  })
}

/** How deep a JSON text nests, without parsing it: brackets outside strings. */
export function depthOf(text: string): number {
  let depth = 0
  let most = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (inString) {
      if (c === 92 /* \ */) i++
      else if (c === 34 /* " */) inString = false
    } else if (c === 34) inString = true
    else if (c === 123 /* { */ || c === 91 /* [ */) most = Math.max(most, ++depth)
    else if (c === 125 /* } */ || c === 93 /* ] */) depth--
  }
  return most
}

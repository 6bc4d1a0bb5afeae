import type { ObjectSchema } from './check.ts'
import { check, readQuery } from './check.ts'
import { badRequest } from './problem.ts'

interface RouteParts { readonly schema: unknown; readonly httpPart?: string | undefined }

/** What Fastify asks for each part of a request that has a schema. Schemas `check` does not know (posted events) are their route's to check. */
export function validatorOf({ schema, httpPart }: RouteParts): (data: unknown) => true | { value: unknown } | { error: Error } {
  if (!isObjectSchema(schema)) return () => true
  const required = (schema.required ?? []).length > 0
  return (data) => {
    // No body is an empty one where nothing is asked for.
    const given = data === null && !required ? {} : httpPart === 'querystring' ? readQuery(schema, data as Record<string, unknown>) : data
    const wrong = check(schema, given)
    return wrong.length > 0 ? { error: badRequest(wrong) } : { value: given }
  }
}

function isObjectSchema(schema: unknown): schema is ObjectSchema {
  return typeof schema === 'object' && schema !== null && 'additionalProperties' in schema && schema.additionalProperties === false
}

import type { RegisteredRoute } from './context.ts'
import { components, ref } from './schemas.ts'

interface Parameter { readonly name: string; readonly in: 'path' | 'query' | 'header'; readonly required: boolean; readonly schema: unknown; readonly description?: string }

/** OpenAPI 3.1 of the routes there are: whatever is registered stands in it. Built when it is first asked for. */
export function openApiOf(routes: readonly RegisteredRoute[]): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    if (route.method === 'HEAD' || route.schema.tags?.includes('pages') === true) continue
    const path = route.url.replace(/:([A-Za-z]+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = operationOf(route)
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Limen', version: '1', description: 'Edge event gateway. Errors are problem documents (RFC 9457); lists are {"items", "next"}.' },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'limen-session', description: 'POST /api/v1/login; writes carry the csrfToken as X-CSRF-Token' },
        token: { type: 'http', scheme: 'bearer', description: 'of the command line on the same machine' },
      },
    },
  }
}

function operationOf({ method, url, schema, access }: RegisteredRoute): Record<string, unknown> {
  const problem = { description: 'what is wrong, and what to do', content: { 'application/problem+json': { schema: ref('Problem') } } }
  const added: Record<string, unknown> = { 500: problem }
  if (schema.querystring !== undefined || method !== 'GET') added['400'] = problem
  if (method !== 'GET') Object.assign(added, { 403: problem, 413: problem, 415: problem, 503: problem })
  if (access !== 'public') Object.assign(added, { 401: problem, 403: problem })
  const own = Object.fromEntries(Object.entries(schema.response ?? {}).map(([status, body]) => [status, responseOf(Number(status), body, schema.produces)]))
  return {
    operationId: `${method.toLowerCase()} ${url}`.replace(/[^A-Za-z]+([A-Za-z])?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? ''),
    summary: schema.summary,
    tags: schema.tags,
    ...(access === 'public' ? { security: [] } : { security: [{ session: [] }, { token: [] }], 'x-limen-role': access }),
    parameters: parametersOf(url, schema.querystring),
    ...bodyOf(schema),
    responses: { ...added, ...own },
  }
}

function responseOf(status: number, body: unknown, produces: string | readonly string[] = 'application/json'): Record<string, unknown> {
  const { description = status < 300 ? 'done' : 'refused' } = body as { description?: string }
  if ((body as { type?: string }).type === 'null') return { description }
  const problem = (body as { $ref?: string }).$ref?.endsWith('/Problem') === true
  if (problem) return { description, content: { 'application/problem+json': { schema: body } } }
  const [first, ...others] = [produces].flat()
  return { description, content: { [first!]: { schema: body }, ...Object.fromEntries(others.map((type) => [type, { schema: { type: 'string' } }])) } }
}

function bodyOf({ body, consumes }: RegisteredRoute['schema']): Record<string, unknown> {
  if (body === undefined) return {}
  return { requestBody: { content: Object.fromEntries((consumes ?? ['application/json']).map((type) => [type, { schema: body }])) } }
}

function parametersOf(url: string, querystring: unknown): readonly Parameter[] {
  const inPath = [...url.matchAll(/:([A-Za-z]+)/g)].map((match): Parameter => ({ name: match[1]!, in: 'path', required: true, schema: { type: 'string' } }))
  if (querystring === undefined) return inPath
  const { properties, required = [] } = querystring as { properties: Readonly<Record<string, { description?: string }>>; required?: readonly string[] }
  const inQuery = Object.entries(properties).map(([name, { description, ...schema }]): Parameter => ({
    name, in: 'query', required: required.includes(name), schema, ...(description === undefined ? {} : { description }),
  }))
  return [...inPath, ...inQuery]
}

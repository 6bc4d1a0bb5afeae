import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { expect } from 'vitest'

interface OpenApi { readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>> }>>>> }

export interface ObservedRoutes {
  note(options: InjectOptions, answer: LightMyRequestResponse): void
  /** Does the document say that this route gives what it gave? */
  checkAgainst(document: OpenApi): void
}

/** Remembers what each route answered, to hold the OpenAPI document to it. */
export function observeRoutes(): ObservedRoutes {
  const seen = new Map<string, { method: string; path: string; status: number; type: string }>()
  return {
    note(options, answer) {
      const path = (options.url as string).split('?', 1)[0]!
      const method = (options.method ?? 'GET').toLowerCase()
      const type = (answer.headers['content-type'] ?? '').split(';', 1)[0]!
      seen.set(`${method} ${path} ${answer.statusCode}`, { method, path, status: answer.statusCode, type })
    },
    checkAgainst(document) {
      const wrong: string[] = []
      for (const { method, path, status, type } of seen.values()) {
        const entry = Object.entries(document.paths).find(([pattern, operations]) => method in operations && new RegExp(`^${pattern.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(path))
        if (entry === undefined) continue
        const response = entry[1][method]!.responses[status]
        if (response === undefined) wrong.push(`${method} ${entry[0]} gave ${status}, which is not documented`)
        else if (type !== '' && !Object.keys(response.content ?? {}).some((known) => known.startsWith(type))) wrong.push(`${method} ${entry[0]} ${status} gave ${type}, which is not documented`)
      }
      expect(seen.size).toBeGreaterThan(0)
      expect(wrong).toEqual([])
    },
  }
}

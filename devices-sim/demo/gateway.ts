import { join } from 'node:path'
import { startChild } from './children.ts'
import type { Child } from './children.ts'

export interface StartedGateway { readonly child: Child; readonly mqtt: string | undefined; readonly http: string | undefined }

/** The gateway as users start it; without addresses when it ended or was stopped before it was ready. */
export async function startGateway({ root, data, secret, signal }: { root: string; data: string; secret: string; signal: AbortSignal }): Promise<StartedGateway> {
  let ready: (line: string | undefined) => void = () => undefined
  const line = new Promise<string | undefined>((resolve) => (ready = resolve))
  const child = startChild('the gateway', [join(root, 'gateway/main.ts'), 'start', '--config', join(root, 'demo/limen.yaml'), '--data', data], {
    env: { DEMO_WEBHOOK_SECRET: secret },
    onLine: (said) => said.startsWith('limen ready ') && ready(said),
  })
  void child.ended.then(() => ready(undefined))
  signal.addEventListener('abort', () => ready(undefined), { once: true })
  const [, mqtt, http] = /mqtt=(\S+) http=(\S+)/.exec((await line) ?? '') ?? []
  return { child, mqtt: mqtt === undefined ? undefined : `mqtt://${mqtt}`, http: http === undefined ? undefined : `http://${http}` }
}

import { join } from 'node:path'
import { startChild } from './children.ts'
import type { Child } from './children.ts'

export interface StartedGateway { readonly child: Child; readonly mqtt: string | undefined; readonly http: string | undefined }

export interface GatewayStart {
  readonly root: string
  readonly data: string
  readonly secret: string
  readonly signal: AbortSignal
  /** Ports of an earlier start; without, those of the configuration. */
  readonly ports?: { readonly mqtt: string; readonly http: string } | undefined
}

/** The gateway as users start it; without addresses when it ended or was stopped before it was ready. */
export async function startGateway({ root, data, secret, signal, ports }: GatewayStart): Promise<StartedGateway> {
  let ready: (line: string | undefined) => void = () => undefined
  const line = new Promise<string | undefined>((resolve) => (ready = resolve))
  const child = startChild('the gateway', [join(root, 'gateway/main.ts'), 'start', '--config', join(root, 'demo/limen.yaml'), '--data', data], {
    env: { DEMO_WEBHOOK_SECRET: secret, ...(ports === undefined ? {} : { LIMEN_MQTT__PORT: ports.mqtt, LIMEN_HTTP__PORT: ports.http }) },
    onLine: (said) => said.startsWith('limen ready ') && ready(said),
  })
  void child.ended.then(() => ready(undefined))
  signal.addEventListener('abort', () => ready(undefined), { once: true })
  const [, mqtt, http] = /mqtt=(\S+) http=(\S+)/.exec((await line) ?? '') ?? []
  return { child, mqtt: mqtt === undefined ? undefined : `mqtt://${mqtt}`, http: http === undefined ? undefined : `http://${http}` }
}

export interface KeptGateway {
  readonly mqtt: string
  readonly http: string
  pid(): number | undefined
  /** Resolves, with its last words, when it cannot be kept running. */
  readonly lost: Promise<string>
  stop(): Promise<void>
}

/**
 * Keeps it running as systemd would: whoever ends it, with kill -9 at best, sees it come back on the same data and ports.
 * Gives its last words where it does not come up in the first place.
 */
export async function keepGateway(start: Omit<GatewayStart, 'ports'>, tell: (text: string) => void): Promise<KeptGateway | { readonly failure: string }> {
  let current = await startGateway(start)
  const { mqtt, http } = current
  if (mqtt === undefined || http === undefined) {
    await current.child.stop(12_000)
    return { failure: current.child.lastWords() }
  }
  const ports = { mqtt: new URL(mqtt).port, http: new URL(http).port }

  async function keep(): Promise<string> {
    for (;;) {
      const how = await current.child.ended
      // Whoever stops the demonstration stops it, too.
      if (start.signal.aborted) return new Promise(() => {})
      tell(`the gateway ended (${how}); it is started again on the same data`)
      current = await startGateway({ ...start, ports })
      if (start.signal.aborted) return new Promise(() => {})
      if (current.http === undefined) return current.child.lastWords()
      tell('the gateway is back')
    }
  }

  return { mqtt, http, pid: () => current.child.pid, lost: keep(), stop: () => current.child.stop(12_000) }
}

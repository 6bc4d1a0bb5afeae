import { createServer } from 'node:net'

export interface WantedPort { readonly port: number; readonly what: string; readonly instead: string }

/** What to tell about the first port that is taken; undefined when all are free. 0 always is. */
export async function takenPort(wanted: readonly WantedPort[]): Promise<string | undefined> {
  for (const { port, what, instead } of wanted) {
    if (port === 0 || await isFree(port)) continue
    return `port ${port} (${what}) is taken by another program, perhaps by a demo that still runs.\n`
      + `Stop that program ("ss -ltnp 'sport = :${port}'" shows which it is), or ${instead}.`
  }
  return undefined
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

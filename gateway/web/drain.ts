import type { Server } from 'node:http'

/** Ends a server's connections as soon as no request is under way. */
export interface Drain { begin(): void }

/**
 * `server.close()` waits for connections on which no request ever came (browsers open some in advance) until their time-out;
 * `closeIdleConnections()` does not take those for idle. So requests under way are counted, and when there are none all ends.
 */
export function drainOf(server: Server): Drain {
  let busy = 0
  let closing = false

  function endIfDone(): void {
    if (closing && busy === 0) server.closeAllConnections()
  }

  server.on('connection', (socket) => {
    if (closing) socket.destroy()
  })
  server.on('request', (_request, response) => {
    busy++
    response.once('close', () => {
      busy--
      endIfDone()
    })
  })
  return {
    begin() {
      closing = true
      endIfDone()
    },
  }
}

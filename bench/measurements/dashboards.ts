import { WebSocket } from 'ws'
import { startGateway } from '../servers/subjects.ts'
import { withServer } from './context.ts'
import type { Context, Measurement } from './context.ts'
import type { Server } from '../servers/process.ts'

const many = 10
/** As many as a large screen shows at once. */
const devicesWatched = 40

/**
 * What ten open dashboards cost ingest: the same saturation with none and with ten live sockets that each watch what a Devices
 * page shows. Their browsers would run on other machines; here a socket in this process reads and throws away.
 */
export const measureDashboards: Measurement = async (context) => {
  for (let run = 0; run < context.runs; run++) {
    for (const open of run % 2 === 0 ? [0, many] : [many, 0]) await withServer(startGateway(), (server) => load(context, server, open))
  }
}

async function load(context: Context, server: Server, open: number): Promise<void> {
  const setting = open === 0 ? 'no dashboard' : `${open} dashboards`
  const dashboards = await Promise.all(Array.from({ length: open }, () => openDashboard(server.httpPort!)))
  try {
    const result = await context.driver.saturate({ port: server.port, connections: 50, inFlight: 50, warmUpSeconds: 2, seconds: context.seconds, noDelay: true })
    context.notebook.note({ setting, subject: server.subject, quantity: 'acknowledged', unit: '/s', value: result.perSecond })
    const heard = dashboards.map((dashboard) => dashboard.values())
    context.tell(`${setting}, ${server.subject}: ${Math.round(result.perSecond).toLocaleString('en')} /s${open === 0 ? '' : `, each was shown ${Math.min(...heard).toLocaleString('en')} to ${Math.max(...heard).toLocaleString('en')} values`}`)
    if (heard.some((values) => values === 0)) context.warn(`${setting}: a dashboard was shown no value`)
    if (dashboards.some((dashboard) => dashboard.lost())) context.warn(`${setting}: a dashboard lost its connection`)
    for (const why of result.lost) context.warn(`${setting}: connection lost: ${why}`)
  } finally {
    for (const dashboard of dashboards) dashboard.close()
  }
}

interface Dashboard {
  /** How many it was shown so far. */
  values(): number
  lost(): boolean
  close(): void
}

function openDashboard(port: number): Promise<Dashboard> {
  const watched = Array.from({ length: devicesWatched }, (_, i) => `load-${String(i % 50).padStart(3, '0')}-${String(i % 20).padStart(3, '0')}`)
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/live`)
  let shown = 0
  let closing = false
  let lost = false
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', () => (lost ||= !closing))
    socket.on('message', (data: Buffer) => {
      for (const line of data.toString().split('\n')) if (line.startsWith('data: {"now"') && line.includes('"values":')) shown += (JSON.parse(line.slice(6)) as { values: unknown[] }).values.length
    })
    socket.on('open', () => {
      socket.send(JSON.stringify({ watch: watched }))
      resolve({
        values: () => shown,
        lost: () => lost,
        close() {
          closing = true
          socket.close()
        },
      })
    })
  })
}

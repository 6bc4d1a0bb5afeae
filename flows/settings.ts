import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Limen } from './nodes/lib/limen.ts'

export interface SettingsOptions {
  readonly dir: string
  /** `/flows` */
  readonly root: string
  readonly safe: boolean
  readonly credentialSecret: string
}

/** Who runs commands, reads and writes files, or watches them, on the gateway's machine: nobody, not even whoever may deploy. */
export const excludedNodes = ['90-exec.js', '10-file.js', '23-watch.js', '28-tail.js']

/** Node-RED's settings. Its login is the gateway's: nobody reaches the socket who has not been let in there. */
export function createSettings(options: SettingsOptions, deps: { storage: Readonly<Record<string, unknown>>; limen: Limen; log: (line: string) => void }): Readonly<Record<string, unknown>> {
  const { dir, root } = options
  return {
    userDir: dir,
    flowFile: 'flows.json',
    credentialSecret: options.credentialSecret,
    storageModule: deps.storage,
    httpAdminRoot: root,
    httpNodeRoot: `${root}/http`,
    httpAdminMiddleware: [refuseInstall, nameUser],
    ...(options.safe ? { safeMode: true } : {}),

    // Our own nodes and the core's; what else lies in some node_modules above us is not ours to load.
    nodesDir: [join(import.meta.dirname, 'nodes')],
    nodesExcludes: excludedNodes,
    externalModules: {
      autoInstall: false,
      palette: { allowInstall: false, allowUpdate: false, allowUpload: false, allowList: ['limen-nodes'], denyList: ['*'] },
      modules: { allowInstall: false, allowList: [], denyList: ['*'] },
    },
    functionExternalModules: false,
    functionGlobalContext: {},
    exportGlobalContextKeys: false,

    // `flow.set(key, value, "disk")` survives a restart.
    contextStorage: { default: { module: 'memory' }, disk: { module: 'localfilesystem', config: { flushInterval: 5 } } },

    telemetry: { enabled: false, updateNotification: false },
    diagnostics: { enabled: true, ui: true },
    runtimeState: { enabled: false, ui: false },
    // One wild message must not fill the gateway's log or the debug sidebar.
    debugMaxLength: 1_000,
    logging: { limen: { level: 'warn', metrics: false, audit: false, handler: () => (entry: LogEntry) => { if (entry.msg !== everyday) deps.log(lineOf(entry)) } } },
    editorTheme: {
      page: { title: 'Limen flows' },
      header: { title: 'Limen flows', url: '/' },
      palette: { categories: ['subflows', 'Limen', 'common', 'function', 'network', 'sequence', 'parser', 'storage'] },
      projects: { enabled: false },
      tours: false,
      multiplayer: { enabled: false },
      codeEditor: { lib: 'monaco' },
    },
    limen: deps.limen,
  }
}

/** Said at each start of who has no passwords in his flows: no reason to warn. */
const everyday = 'Encrypted credentials not found'

interface LogEntry { readonly level: number; readonly msg: unknown; readonly type?: string; readonly name?: string; readonly id?: string }

function lineOf({ level, msg, type, name, id }: LogEntry): string {
  const word = level <= 20 ? 'error' : 'warn'
  const text = typeof msg === 'object' && msg !== null && 'message' in msg ? String(msg.message) : String(msg)
  return `${word}: ${type === undefined ? '' : `[${type}:${name === undefined || name === '' ? (id ?? '') : name}] `}${text}`
}

/** Node-RED asks the registry first and refuses afterwards; here nobody is asked. */
function refuseInstall(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  if (request.method === 'POST' && /^\/nodes\/?(?:\?|$)/i.test(request.url ?? '')) response.writeHead(403, { 'content-type': 'application/json' }).end('{"code":"install_not_allowed","message":"Nodes cannot be installed here."}')
  else next()
}

function plainName(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    // Not encoded, then.
    return encoded
  }
}

/** The gateway says who deploys (percent-encoded); a name for the log, no right. */
function nameUser(request: IncomingMessage & { user?: { username: string } }, _response: ServerResponse, next: () => void): void {
  const name = request.headers['x-limen-user']
  if (request.method === 'POST' && typeof name === 'string' && name !== '') request.user = { username: plainName(name).slice(0, 256) }
  next()
}

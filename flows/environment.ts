/** What the gateway hands to the process that runs the flows; nothing else of its environment arrives here. */
export interface Environment {
  /** Node-RED's user directory. */
  readonly dir: string
  /** Unix socket to listen on. */
  readonly socket: string
  /** Path prefix of the editor, `/flows`. */
  readonly root: string
  /** The editor runs, flows do not until somebody deploys. */
  readonly safe: boolean
  readonly mqttUrl: string
  readonly httpUrl: string
  readonly user: string
  readonly token: string
  readonly site: string
}

/** Throws where something is missing. Takes the token out of `env`: a flow may read the environment, and debug nodes show what it reads. */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const need = (name: string): string => {
    const text = env[name]
    if (text === undefined || text === '') throw new Error(`${name} is not set; flows/runtime.ts is started by the gateway (flows: { mode: child })`)
    return text
  }
  const read: Environment = {
    dir: need('LIMEN_FLOWS_DIR'),
    socket: need('LIMEN_FLOWS_SOCKET'),
    root: need('LIMEN_FLOWS_ROOT').replace(/\/+$/, ''),
    safe: env['LIMEN_FLOWS_SAFE'] === '1',
    mqttUrl: need('LIMEN_MQTT_URL'),
    httpUrl: need('LIMEN_HTTP_URL'),
    user: env['LIMEN_FLOWS_USER'] ?? '',
    token: env['LIMEN_FLOWS_TOKEN'] ?? '',
    site: env['LIMEN_SITE'] ?? '',
  }
  delete env['LIMEN_FLOWS_TOKEN']
  return read
}

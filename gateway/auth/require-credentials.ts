import type { Authenticator } from '../kernel/contracts.ts'
import { LimenError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import { isLoopbackHost } from '../kernel/loopback.ts'

export interface Listeners {
  readonly mqttHost: string
  readonly httpHost: string
  /** `auth.insecure`: off loopback without TLS all the same. */
  readonly insecure: boolean
  /** Not in this version: always false. */
  readonly tls: boolean
}

/**
 * Refuses to listen off loopback where nobody could log in, or where passwords would cross the network in the clear without
 * that being asked for. Throws one LimenError that names everything missing: NO_CREDENTIALS, or CONFIG_INVALID if it is only TLS.
 * Where it was asked for, the log says so at every start. Ask after the authenticator has started.
 */
export function requireCredentials(listeners: Listeners, { authenticator, logger }: { authenticator: Authenticator; logger: Logger }): void {
  const mqttOpen = !isLoopbackHost(listeners.mqttHost)
  const httpOpen = !isLoopbackHost(listeners.httpHost)
  const missing: string[] = []
  const remedies: string[] = []
  if (mqttOpen && !authenticator.hasDeviceCredential()) {
    missing.push(`MQTT listens on ${listeners.mqttHost}, off loopback, and no device has a credential`)
    remedies.push('make a device credential with: limen device add ID')
  }
  if (httpOpen && !authenticator.hasUser('admin')) {
    missing.push(`HTTP listens on ${listeners.httpHost}, off loopback, and there is no admin`)
    remedies.push('make an admin with: limen user add NAME --role admin (or LIMEN_AUTH__ADMIN_PASSWORD_FILE in a container)')
  }
  const code = missing.length > 0 ? 'NO_CREDENTIALS' : 'CONFIG_INVALID'
  if ((mqttOpen || httpOpen) && !listeners.tls && !listeners.insecure) {
    const hosts = [mqttOpen ? `mqtt.host ${listeners.mqttHost}` : '', httpOpen ? `http.host ${listeners.httpHost}` : ''].filter((host) => host !== '')
    missing.push(`${hosts.join(' and ')} would take passwords off loopback without TLS, which is not in this version`)
    remedies.push('listen on 127.0.0.1, or write auth: { insecure: true } where a reverse proxy or a container network protects it')
  }
  if (missing.length > 0) throw new LimenError(code, missing.join('; '), { remedy: remedies.join('; ') })
  if ((mqttOpen || httpOpen) && !listeners.tls) {
    logger.warn({ mqttHost: listeners.mqttHost, httpHost: listeners.httpHost }, 'auth.insecure: passwords and readings cross the network unencrypted; keep it behind a reverse proxy or inside a container network')
  }
}

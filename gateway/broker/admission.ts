import type { Authenticator } from '../kernel/contracts.ts'
import { LimenError, asError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { Principal } from '../kernel/principal.ts'
import { classOf, mayPublish, maySubscribe, samePrincipal } from './access.ts'
import type { Will } from './aedes-client.ts'
import type { Counters } from './counters.ts'
import type { Link, Session } from './session.ts'
import type { BrokerLimits } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { Sessions } from './sessions.ts'
import { isPlainText, isTopic } from './topic-check.ts'

/** CONNACK return codes [MQTT 3.1.1, table 3.1]. */
export const returnCode = { accepted: 0, identifierRejected: 2, serverUnavailable: 3, badUserNameOrPassword: 4, notAuthorized: 5 } as const
export type ReturnCode = (typeof returnCode)[keyof typeof returnCode]

export interface ConnectPacket {
  readonly clientId: string
  readonly clean: boolean
  readonly username?: string
  readonly will?: Will
}

/** Who may come in, under which client id, and with which will. */
export interface Admission {
  /** What is wrong with the CONNECT itself; before anybody is asked for a login. */
  check(link: Link, packet: ConnectPacket): ReturnCode
  /** The login, the will's topic, the client id's owner; makes the session ready. Resolves once what must be on disk is. */
  admit(link: Link, login: { username: string | undefined; password: Uint8Array | undefined }): Promise<ReturnCode>
  /** The link is registered or gone: its client id is no longer being claimed. */
  settled(link: Link): void
  /** What a session may no longer receive is taken from it (its owner's rights may have changed while it was away). */
  restrict(session: Session): void
}

const trusted: Principal = Object.freeze({ kind: 'trusted', name: 'loopback', role: 'admin' })

export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address)
}

export function createAdmission(
  options: { loopbackTrusted: boolean; limits: BrokerLimits },
  deps: { authenticator: Authenticator; sessions: Sessions; outbox: Outbox; counters: Counters; logger: Logger; isStopping: () => boolean },
): Admission {
  const { limits } = options
  const { authenticator, sessions, outbox, counters, logger } = deps
  /** Client ids on their way in: of two principals that ask for a new one at the same time, the first gets it. */
  const claims = new Map<string, Link>()

  function refuse(link: Link, code: ReturnCode, reason: string): ReturnCode {
    counters.add('rejected', reason)
    logger.debug({ address: link.address, reason }, 'a connection was turned away')
    return code
  }

  async function login(link: Link, { username, password }: { username: string | undefined; password: Uint8Array | undefined }): Promise<Principal | null> {
    if (link.presetPrincipal !== null) return link.presetPrincipal
    if (options.loopbackTrusted && isLoopback(link.address)) return trusted
    return authenticator.device({ username, password, clientId: link.client.id, address: link.address })
  }

  function belongsToAnother(clientId: string, principal: Principal): boolean {
    const claim = claims.get(clientId)?.principal
    if (claim !== undefined && claim !== null && !samePrincipal(claim, principal)) return true
    const session = sessions.get(clientId)
    if (session === undefined || samePrincipal(session.principal, principal)) return false
    // Kept for loopback in a time when nobody was asked: it is given up for the one who logs in.
    return session.link !== null || session.principal.kind !== 'trusted' || options.loopbackTrusted
  }

  return {
    check(link, { clientId, clean, username, will }) {
      if (deps.isStopping()) return returnCode.serverUnavailable
      // [MQTT-3.1.3-8]
      if (clientId === '' && !clean) return refuse(link, returnCode.identifierRejected, 'empty-client-id')
      if (clientId.length > limits.maxClientIdLength || !isPlainText(clientId)) return refuse(link, returnCode.identifierRejected, 'client-id')
      if (username !== undefined && !isPlainText(username)) return refuse(link, returnCode.badUserNameOrPassword, 'login')
      if (will !== undefined && (will.qos > 2 || !isTopic(will.topic, limits.maxTopicLevels))) return refuse(link, returnCode.notAuthorized, 'will')
      link.anonymous = clientId === ''
      link.connectWill = will ?? null
      return returnCode.accepted
    },
    async admit(link, given) {
      const principal = await login(link, given)
      const { id, clean } = link.client
      if (principal === null) {
        return refuse(link, given.username === undefined ? returnCode.notAuthorized : returnCode.badUserNameOrPassword, 'login')
      }
      const will = link.connectWill
      if (will !== null && !mayPublish(principal, will.topic, classOf(will.topic))) return refuse(link, returnCode.notAuthorized, 'will')
      if (belongsToAnother(id, principal)) return refuse(link, returnCode.notAuthorized, 'client-id-taken')
      if (link.conn.destroyed) return returnCode.serverUnavailable
      link.principal = principal
      claims.set(id, link)
      try {
        await new Promise<void>((resolve, reject) => {
          sessions.prepare({ id, clean, principal }, (error) => (error === null ? resolve() : reject(error)))
        })
        return returnCode.accepted
      } catch (thrown) {
        const error = asError(thrown)
        logger.warn({ err: error, clientId: id }, 'a session could not be made ready')
        if (!(error instanceof LimenError && error.code === 'OVERLOADED')) counters.add('rejected', 'store')
        return returnCode.serverUnavailable
      }
    },
    settled(link) {
      const { id } = link.client
      if (id !== null && claims.get(id) === link) claims.delete(id)
    },
    restrict(session) {
      const lost = [...session.subscriptions.keys()].filter((filter) => !maySubscribe(session.principal, filter))
      if (lost.length > 0) sessions.unsubscribe(session, lost)
      outbox.restrict(session, (topic) => maySubscribe(session.principal, topic))
    },
  }
}

/** How aedes is told to answer a CONNECT. */
export function connackError(code: ReturnCode): Error & { returnCode: number } {
  return Object.assign(new Error(`connection refused, return code ${code}`), { returnCode: code })
}


import type { Principal } from '../kernel/principal.ts'
import { filterIsSubset } from '../kernel/topic.ts'

/**
 * `reserved`: the gateway's own (`limen/…`) and `$…`, nobody's to publish · `command`: `devices/{device}/{actuator}/set` ·
 * `status`: `devices/{device}/status` · `open`: all the rest.
 */
export type TopicClass = 'reserved' | 'command' | 'status' | 'open'

const commandTopic = /^devices\/[^/]+\/[^/]+\/set$/
const statusTopic = /^devices\/[^/]+\/status$/

export function classOf(topic: string): TopicClass {
  if (topic.charCodeAt(0) === 36 /* $ */ || topic === 'limen' || topic.startsWith('limen/')) return 'reserved'
  if (!topic.startsWith('devices/')) return 'open'
  if (commandTopic.test(topic)) return 'command'
  return statusTopic.test(topic) ? 'status' : 'open'
}

/** An id that is put into grants as a topic level: one that holds a wildcard or a slash would widen them. */
function isGrantable(id: string): boolean {
  return id.length > 0 && !/[+#/]/.test(id)
}

/** May this principal publish here? A command enters as a manual command and is not fanned out. */
export function mayPublish(principal: Principal, topic: string, of: TopicClass): boolean {
  if (of === 'reserved') return false
  switch (principal.kind) {
    case 'trusted':
      return true
    case 'user':
      return principal.role !== 'viewer'
    case 'device': {
      const { device } = principal
      if (of === 'command' || !isGrantable(device) || !topic.startsWith('devices/') || !topic.startsWith(device, 8)) return false
      const end = 8 + device.length
      return topic.length === end || topic.charCodeAt(end) === 47
    }
    default:
      return principal satisfies never
  }
}

/** May this principal receive all that the filter can match? With a topic for a filter: may it receive that topic? */
export function maySubscribe(principal: Principal, filter: string): boolean {
  // `$SYS` is hidden; `$share/…` would be granted and never served, so it is refused until it is.
  if (filter.charCodeAt(0) === 36) return false
  switch (principal.kind) {
    case 'trusted':
      return true
    case 'user':
      return principal.role !== 'viewer' || filterIsSubset(filter, 'limen/#') || filterIsSubset(filter, 'devices/#')
    case 'device':
      return isGrantable(principal.device) && filterIsSubset(filter, `devices/${principal.device}/+/set`)
    default:
      return principal satisfies never
  }
}

/** Two connections are of the same principal if this is equal; stored with a session as its owner. */
export function samePrincipal(a: Principal, b: Principal): boolean {
  return a.kind === b.kind && a.name === b.name
}

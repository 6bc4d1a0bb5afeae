import { describe, expect, it } from 'vitest'
import { classOf, mayPublish, maySubscribe } from '../../gateway/broker/access.ts'
import type { Principal, Role } from '../../gateway/kernel/principal.ts'

const trusted: Principal = { kind: 'trusted', name: 'loopback', role: 'admin' }
const user = (role: Role): Principal => ({ kind: 'user', name: 'u', role })
const device = (id: string): Principal => ({ kind: 'device', name: 'd', device: id })
const may = (principal: Principal, topic: string): boolean => mayPublish(principal, topic, classOf(topic))

describe('who may publish', () => {
  it.each<[string, Principal, string, boolean]>([
    ['trusted', trusted, 'a/b', true], ['trusted', trusted, 'devices/x/fan/set', true], ['trusted', trusted, 'limen/alarms/x/y', false],
    ['trusted', trusted, 'limen', false], ['trusted', trusted, 'limens', true], ['trusted', trusted, '$SYS/x', false], ['trusted', trusted, '$share/g/x', false],
    ['admin', user('admin'), 'a', true], ['operator', user('operator'), 'devices/x/fan/set', true], ['operator', user('operator'), 'limen/x', false],
    ['viewer', user('viewer'), 'a', false], ['viewer', user('viewer'), 'devices/x/fan/set', false],
    ['device', device('x'), 'devices/x', true], ['device', device('x'), 'devices/x/hr', true], ['device', device('x'), 'devices/x/a/b/c', true],
    ['device', device('x'), 'devices/x/fan/ack', true], ['device', device('x'), 'devices/x/fan/set', false], ['device', device('x'), 'devices/xy/hr', false],
    ['device', device('x'), 'devices/y/hr', false], ['device', device('x'), 'events/login', false], ['device', device('x'), 'devices', false],
    ['device', device('x'), 'devices/', false], ['device +', device('+'), 'devices/+/hr', false], ['device #', device('#'), 'devices/#', false],
    ['device a/b', device('a/b'), 'devices/a/b', false], ['device without a name', device(''), 'devices//hr', false],
    ['device __proto__', device('__proto__'), 'devices/__proto__/hr', true], ['device ..', device('..'), 'devices/../../etc/passwd', true],
  ])('%s %o on %s: %s', (_name, principal, topic, allowed) => expect(may(principal, topic)).toBe(allowed))
})

describe('who may subscribe', () => {
  it.each<[string, Principal, string, boolean]>([
    ['trusted', trusted, '#', true], ['trusted', trusted, '+/+', true], ['trusted', trusted, '$SYS/#', false], ['trusted', trusted, '$share/g/a', false],
    ['admin', user('admin'), '#', true], ['operator', user('operator'), 'limen/#', true], ['operator', user('operator'), '$SYS/x', false],
    ['viewer', user('viewer'), 'limen/#', true], ['viewer', user('viewer'), 'devices/+/hr', true], ['viewer', user('viewer'), 'devices', true],
    ['viewer', user('viewer'), '#', false], ['viewer', user('viewer'), '+/#', false], ['viewer', user('viewer'), 'other', false],
    ['device', device('x'), 'devices/x/+/set', true], ['device', device('x'), 'devices/x/fan/set', true], ['device', device('x'), 'devices/x/#', false],
    ['device', device('x'), 'devices/+/+/set', false], ['device', device('x'), 'devices/y/fan/set', false], ['device', device('x'), 'devices/x/+/+', false],
    ['device', device('x'), 'limen/#', false], ['device', device('x'), '#', false], ['device +', device('+'), 'devices/+/+/set', false],
  ])('%s %o to %s: %s', (_name, principal, filter, allowed) => expect(maySubscribe(principal, filter)).toBe(allowed))
})

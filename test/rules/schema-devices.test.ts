import { describe, expect, it } from 'vitest'
import type { ConfiguredDevice } from '../../gateway/kernel/configured-devices.ts'
import { readRules } from '../../gateway/rules/load.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'

type Entries = Readonly<Record<string, Partial<ConfiguredDevice> & { readonly metrics?: Readonly<Record<string, { readonly unit: string }>> }>>

function problemsOf(rule: string, entries?: Entries): readonly string[] {
  const devices = entries === undefined ? undefined : new Map(Object.entries(entries).map(([id, { metrics, type = null, labels = {}, settings = {} }]) => [id, { type, labels, settings: metrics === undefined ? settings : { ...settings, metrics } }]))
  return readRules(`- { id: r, when: { above: 1 }, ${rule} }`, 'r.yaml', { kinds: kindSchemas, targets: new Set(), devices }).problems.map(({ path, message }) => `${path}: ${message}`)
}

describe('a rule with a unit', () => {
  const percent = { metrics: { spo2: { unit: '%' } } }

  it('is taken where nothing is known of devices', () => {
    expect(problemsOf('on: { metric: spo2 }, unit: Cel')).toEqual([])
    expect(problemsOf('on: { metric: spo2 }, unit: Cel', {})).toEqual([])
  })

  it.each<[string, Entries, boolean]>([
    ['on: { metric: spo2 }', { 'bed-1': percent }, false],
    ['on: { metric: spo2, device: bed-1 }', { 'bed-1': percent }, false],
    ['on: { metric: spo2, device: bed-2 }', { 'bed-1': percent }, true],
    ['on: { metric: "sp*" }', { 'bed-1': percent }, false],
    ['on: { metric: hr }', { 'bed-1': percent }, true],
    ['on: { metric: spo2, device: "room-*" }', { 'bed-1': percent }, true],
    // Another unit of the same dimension will do.
    ['on: { metric: spo2 }', { 'bed-1': { metrics: { spo2: { unit: 'K' } } } }, true],
    // By what is written of the device; what is not written may be said by an edit.
    ['on: { metric: spo2, deviceType: monitor }', { 'bed-1': { ...percent, type: 'monitor' } }, false],
    ['on: { metric: spo2, deviceType: monitor }', { 'bed-1': percent }, true],
    ['on: { metric: spo2, label: { ward: east } }', { 'bed-1': { ...percent, labels: { ward: 'west' } } }, true],
    // Patterns stand for devices nobody has named.
    ['on: { metric: spo2 }', { 'bed-*': percent }, false],
    ['on: { metric: spo2, device: "bed-1?" }', { 'bed-*': percent }, false],
    ['on: { metric: spo2, device: bed-7 }', { 'bed-*': percent }, false],
    ['on: { metric: spo2, device: bed-7 }', { 'bed-*': percent, 'bed-7': { metrics: { spo2: { unit: 'Cel' } } } }, true],
    ['on: { metric: spo2, device: "room-*" }', { 'bed-*': percent }, true],
    // Where an earlier pattern says it for all that the rule selects.
    ['on: { metric: spo2, device: "pump-*" }', { 'pump-*': { metrics: { spo2: { unit: 'K' } } }, '*': percent }, true],
    ['on: { metric: spo2, device: "p*" }', { 'pump-*': { metrics: { spo2: { unit: 'K' } } }, '*': percent }, false],
  ])('%s with unit Cel, beside %j: %s', (on, entries, right) => {
    const told = problemsOf(`${on}, unit: Cel`, entries)
    if (right) expect(told).toEqual([])
    else expect(told).toEqual([expect.stringMatching(/^rules\[0\]\.unit: "Cel" cannot be compared with spo2 of .*, which is in "%"$/)])
  })
})

describe('a rule that names a device', () => {
  const bed: Entries = { 'bed-1': { type: 'monitor', labels: { ward: 'east' } }, 'bed-*': { type: 'bed', labels: { floor: '3' } } }

  it.each([
    ['on: { device: bed-1, deviceType: "mon*" }', []],
    ['on: { device: bed-1, deviceType: pump }', ['rules[0].on.deviceType: can match nothing: bed-1 is of the type "monitor"']],
    ['on: { device: bed-1, label: { ward: "w*" } }', ['rules[0].on.label.ward: can match nothing: bed-1 has the label ward "east"']],
    // An edit may say otherwise.
    ['on: { device: bed-1, label: { floor: "4" } }', []],
    ['on: { device: bed-2, deviceType: pump }', []],
    ['on: { device: "bed-?", deviceType: pump }', []],
    ['on: { device: bed-1, label: { room: "" } }', []],
  ])('%s: %j', (rule, told) => {
    expect(problemsOf(rule, bed)).toEqual(told)
  })
})

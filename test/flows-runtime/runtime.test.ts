import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { flowsDir, onceAtStart, startFlows } from './flows-process.ts'

// Processes start here that load much: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const json = (text: string): never => JSON.parse(text) as never
const ours = ['limen reading in', 'limen alarm in', 'limen event in', 'limen command out', 'limen event out', 'limen alarm action']

describe('the process of the flows', () => {
  it('serves the editor with our palette and examples, without what could run commands, touch files or install', async () => {
    const flows = startFlows()
    await flows.heard('listening')
    expect(await flows.heard('started')).toMatchObject({ tabs: 3, nodes: expect.any(Number) })
    expect((await flows.heard('beat')).rssBytes).toBeGreaterThan(1e7)
    const page = await flows.ask('/flows/', { headers: { accept: 'text/html' } })
    expect(page.text).toContain('<title>Limen flows</title>')
    expect((await flows.ask('/elsewhere')).status).toBe(404)
    const settings = json((await flows.ask('/flows/settings')).text) as Record<string, unknown>
    expect(settings).toMatchObject({ httpNodeRoot: '/flows/http', telemetryEnabled: false, externalModules: { palette: { allowInstall: false, allowUpload: false }, modules: { allowInstall: false } }, context: { stores: ['default', 'disk'] } })
    expect(settings).not.toHaveProperty('limen')
    expect(settings).not.toHaveProperty('user')

    const sets = json((await flows.ask('/flows/nodes')).text) as { id: string; types: string[]; err?: string; module: string }[]
    expect(sets.filter(({ err }) => err !== undefined)).toEqual([])
    const types = sets.flatMap((set) => set.types)
    expect(types).toEqual(expect.arrayContaining([...ours, 'inject', 'function', 'http request', 'mqtt in', 'delay', 'template']))
    for (const excluded of ['exec', 'file', 'file in', 'watch', 'tail']) expect(types).not.toContain(excluded)
    expect(new Set(sets.map(({ module }) => module))).toEqual(new Set(['node-red', 'limen-nodes']))
    const palette = (await flows.ask('/flows/nodes', { headers: { accept: 'text/html' } })).text
    for (const type of ours) {
      expect(palette).toContain(`data-help-name="${type}"`)
      expect(palette).toContain(`registerType('${type}'`)
    }
    for (const icon of new Set(palette.match(/limen-\w+\.svg/g))) expect(await flows.ask(`/flows/icons/limen-nodes/${icon}`)).toMatchObject({ status: 200, type: expect.stringContaining('svg') })
    expect((await flows.ask('/flows/nodes', { method: 'POST', body: { module: 'node-red-node-serialport' } })).status).toBe(403)

    const examples = (json((await flows.ask('/flows/library/examples/flows/limen-nodes/')).text) as { fn: string }[]).map(({ fn }) => fn)
    expect(examples).toContain('alarm in - turn a lamp on while an alarm stands')
    const used = new Set<string>()
    for (const name of examples) {
      const answer = await flows.ask(`/flows/library/examples/flows/limen-nodes/${encodeURIComponent(name)}`)
      expect(answer.status, name).toBe(200)
      for (const { type } of json(answer.text) as { type: string }[]) {
        used.add(type)
        expect([...types, 'tab']).toContain(type)
      }
    }
    expect(ours.filter((type) => !used.has(type))).toEqual([])
    expect(await flows.stop()).toBe(0)
    expect(flows.stderr()).toBe('')
  })

  it('deploys with a version kept, says who, answers HTTP nodes, and keeps its files to itself', async () => {
    const flows = startFlows()
    await flows.heard('started')
    const seeded = readFileSync(join(flows.dir, 'flows.json'), 'utf8')
    flows.forget()
    expect((await flows.deploy(() => [
      { id: 't', type: 'tab', label: 'mine' },
      { id: 'in', type: 'http in', z: 't', url: '/hello', method: 'get', x: 0, y: 0, wires: [['say']] },
      { id: 'say', type: 'change', z: 't', rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'hello', tot: 'str' }], x: 0, y: 0, wires: [['out']] },
      { id: 'out', type: 'http response', z: 't', x: 0, y: 0, wires: [] },
      { id: 'proxy', type: 'http proxy', name: '', url: 'http://127.0.0.1:9', noproxy: [], credentials: { username: 'u', password: 'very secret' } },
    ], encodeURIComponent('Jörg'))).status).toBe(204)
    expect(await flows.heard('deployed')).toEqual({ type: 'deployed', by: 'Jörg' })
    expect(await flows.heard('started')).toEqual({ type: 'started', tabs: 1, nodes: 3 })
    expect(await flows.ask('/flows/http/hello')).toMatchObject({ status: 200, text: 'hello' })
    const [version] = readdirSync(join(flows.dir, 'versions'))
    expect(version).toMatch(/^\d{8}T\d{9}Z$/)
    expect(JSON.parse(readFileSync(join(flows.dir, 'versions', version!, 'flows.json'), 'utf8'))).toEqual(JSON.parse(seeded))
    expect(readFileSync(join(flows.dir, 'flows.json'), 'utf8')).not.toContain('very secret')
    expect(readFileSync(join(flows.dir, 'flows_cred.json'), 'utf8')).not.toContain('very secret')
    expect(readdirSync(flows.dir)).not.toContain('pending-deploy.json')
    for (const name of ['flows.json', 'flows_cred.json', 'credential-secret', `versions/${version}/flows.json`, '.config.nodes.json']) expect(statSync(join(flows.dir, name)).mode & 0o077, name).toBe(0)
    expect(statSync(flows.dir).mode & 0o077).toBe(0)

    flows.forget()
    await flows.deploy(() => [{ id: 't', type: 'tab', label: 'unknown' }, { id: 'n', type: 'nowhere to be found', z: 't', x: 0, y: 0, wires: [] }])
    expect((await flows.heard('error')).message).toContain('"nowhere to be found"')
    await flows.heard('safe')
  })

  it('ends with its code when a flow ends it', async () => {
    const flows = startFlows()
    await flows.heard('started')
    await flows.deploy(() => onceAtStart("Buffer.constructor('return process')().exit(7)"))
    expect(await flows.ended).toBe(7)
  })

  it('ends with its last words when a flow throws where nobody catches', async () => {
    const thrower = startFlows()
    await thrower.heard('started')
    await thrower.deploy(() => onceAtStart("Promise.reject(new Error('boom'))"))
    expect(await thrower.ended).toBe(1)
    expect(await thrower.heard('error')).toEqual({ type: 'error', message: 'boom' })
  })

  it('in safe mode has the editor and runs nothing until somebody deploys; removes what a kill left; ends when the gateway is gone', async () => {
    const dir = flowsDir()
    writeFileSync(join(dir, 's'), '')
    mkdirSync(join(dir, 'flows'), { recursive: true })
    writeFileSync(join(dir, 'flows', 'flows.json'), JSON.stringify(onceAtStart("Buffer.constructor('return process')().exit(7)")))
    const flows = startFlows({ dir, safe: true })
    await flows.heard('listening')
    await flows.heard('safe')
    expect(json((await flows.ask('/flows/flows')).text)).toHaveLength(3)
    expect(flows.messages.some(({ type }) => type === 'started')).toBe(false)
    await flows.deploy((nodes) => nodes.slice(0, 2))
    expect(await flows.heard('started')).toEqual({ type: 'started', tabs: 1, nodes: 1 })
    flows.child.disconnect()
    expect(await flows.ended).toBe(0)
  })

  it('starts with damaged flows, says so, and overwrites nothing', async () => {
    const dir = flowsDir()
    mkdirSync(join(dir, 'flows', 'versions', '20260101T000000000Z'), { recursive: true })
    writeFileSync(join(dir, 'flows', 'versions', '20260101T000000000Z', 'flows.json'), '[{"id":"kept","type":"tab","label":"kept"}]')
    writeFileSync(join(dir, 'flows', 'flows.json'), '[{"id":')
    const flows = startFlows({ dir })
    expect((await flows.heard('error')).message).toContain('20260101T000000000Z runs in its place')
    expect(await flows.heard('started')).toEqual({ type: 'started', tabs: 1, nodes: 0 })
    expect(json((await flows.ask('/flows/flows')).text)).toEqual([{ id: 'kept', type: 'tab', label: 'kept' }])
    expect(readFileSync(join(dir, 'flows', 'flows.json'), 'utf8')).toBe('[{"id":')
  })

  it('keeps what flows put on disk over a restart', async () => {
    const dir = flowsDir()
    const first = startFlows({ dir })
    await first.heard('started')
    await first.deploy(() => onceAtStart("const n = (flow.get('n', 'disk') || 0) + 1; flow.set('n', n, 'disk'); node.status({ text: `run ${n}` })"))
    const seen = await first.watch()
    await eventually('it has run', () => seen.some(({ data }) => JSON.stringify(data).includes('run ')))
    expect(await first.stop()).toBe(0)
    const second = startFlows({ dir })
    await second.heard('started')
    const again = await second.watch()
    await eventually('it knows', () => again.some(({ topic, data }) => topic === 'status/f-once' && JSON.stringify(data).includes('run 2')))
  })
})

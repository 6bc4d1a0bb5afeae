import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bringBack, findVersion, listVersions } from '../../gateway/flows/versions.ts'
import { tempDir } from '../support/temp-dir.ts'

const flow = (name: string) => JSON.stringify([{ id: 't', type: 'tab', label: name }, { id: 'a', type: 'inject', z: 't' }, { id: 'b', type: 'debug', z: 't' }, { id: 'g', type: 'group', z: 't' }])
const wallMs = Date.UTC(2026, 10, 26, 12)

function keep(directory: string, id: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(directory, 'versions', id), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, 'versions', id, name), text)
}

function scene() {
  const directory = tempDir()
  keep(directory, '20261126T100000000Z', { 'flows.json': flow('first'), 'flows_cred.json': '{"$":"first"}' })
  keep(directory, '20261126T110543123Z', { 'flows.json': flow('second') })
  writeFileSync(join(directory, 'flows.json'), flow('present'))
  writeFileSync(join(directory, 'flows_cred.json'), '{"$":"present"}')
  return { directory, read: (name: string) => readFileSync(join(directory, name), 'utf8') }
}

describe('versions of the flows', () => {
  it('are listed with what is in them, the newest first', async () => {
    expect(await listVersions(scene().directory)).toEqual([
      { id: '20261126T110543123Z', replacedAt: '2026-11-26T11:05:43.123Z', tabs: 1, nodes: 2 },
      { id: '20261126T100000000Z', replacedAt: '2026-11-26T10:00:00.000Z', tabs: 1, nodes: 2 },
    ])
    expect(await listVersions(join(tempDir(), 'not-there'))).toEqual([])
  })

  it('are none where they are damaged, or have a name of another kind', async () => {
    const { directory } = scene()
    keep(directory, '20261126T113000000Z', { 'flows.json': '[{"id":' })
    keep(directory, '20261126T114000000Z', { 'flows.json': '{}' })
    keep(directory, '20261126T115000000Z', { 'flows_cred.json': '{}' })
    keep(directory, '.new-1', { 'flows.json': '[]' })
    keep(directory, 'latest', { 'flows.json': '[]' })
    expect((await listVersions(directory)).map(({ id }) => id)).toEqual(['20261126T110543123Z', '20261126T100000000Z'])
    for (const id of ['../..', '..', 'latest', '20261126T113000000Z', '']) expect(await findVersion(directory, id)).toBeUndefined()
  })

  it('are brought back with their credentials, and what was there is a version', async () => {
    const { directory, read } = scene()
    await bringBack(directory, (await findVersion(directory, '20261126T100000000Z'))!, wallMs)
    expect(read('flows.json')).toBe(flow('first'))
    expect(read('flows_cred.json')).toBe('{"$":"first"}')
    expect(read('versions/20261126T120000000Z/flows.json')).toBe(flow('present'))
    expect(read('versions/20261126T120000000Z/flows_cred.json')).toBe('{"$":"present"}')
    expect(readdirSync(directory).sort()).toEqual(['flows.json', 'flows_cred.json', 'versions'])
    expect(statSync(join(directory, 'flows_cred.json')).mode & 0o777).toBe(0o600)
  })

  it('had no credentials where there are none with them', async () => {
    const { directory } = scene()
    await bringBack(directory, (await findVersion(directory, undefined))!, wallMs)
    expect(existsSync(join(directory, 'flows_cred.json'))).toBe(false)
  })

  it('go there and back again, also by a clock that was set back', async () => {
    const { directory, read } = scene()
    await bringBack(directory, (await findVersion(directory, undefined))!, Date.UTC(2020, 0, 1))
    expect(read('flows.json')).toBe(flow('second'))
    expect((await listVersions(directory))[0]).toMatchObject({ id: '20261126T110543124Z' })
    await bringBack(directory, (await findVersion(directory, undefined))!, Date.UTC(2020, 0, 1))
    expect(read('flows.json')).toBe(flow('present'))
    expect(read('flows_cred.json')).toBe('{"$":"present"}')
  })

  it('are brought back where nothing is there any more', async () => {
    const directory = tempDir()
    keep(directory, '20261126T100000000Z', { 'flows.json': flow('first') })
    await bringBack(directory, (await findVersion(directory, undefined))!, wallMs)
    expect(readFileSync(join(directory, 'flows.json'), 'utf8')).toBe(flow('first'))
    expect(await listVersions(directory)).toHaveLength(1)
  })
})

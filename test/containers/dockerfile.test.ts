import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { reachesBuild as reaches, readDockerfile } from '../support/dockerfile.ts'

const root = resolve(import.meta.dirname, '../..')
const file = readDockerfile()
const last = file.stages.at(-1)!

describe('the Dockerfile', () => {
  it('builds on one pinned Node that the gateway runs on, the one of development', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: { node: string } }
    expect(new Set(file.stages.map(({ image }) => image))).toEqual(new Set([`node:${devDependencies.node}-slim`]))
  })

  it('copies what is there and reaches the build', () => {
    const names = new Set(file.stages.map(({ name }) => name))
    for (const { word, text } of file.stages.flatMap(({ steps }) => steps)) {
      if (word !== 'COPY') continue
      const stage = /^--from=(\S+) /.exec(text)?.[1]
      if (stage !== undefined) expect(names).toContain(stage)
      else for (const source of text.split(' ').slice(0, -1)) expect([source, existsSync(join(root, source)), source === '.' || reaches(source)]).toEqual([source, true, true])
    }
  })

  it('lets all that the package is built from reach the build, and no secret, data or test', () => {
    for (const path of ['package.json', 'tsconfig.build.json', 'tsconfig.json', 'scripts/build-package.ts', 'gateway/main.ts', 'devices-sim/main.ts', 'dashboard/index.html', 'flows/runtime.ts', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md']) expect([path, reaches(path)]).toEqual([path, true])
    for (const path of ['.env', 'secrets/admin_password', '.git/config', 'data/log.db', 'test/support/dockerfile.ts', 'node_modules/ws/index.js', 'dist/gateway/main.js', 'limen.yaml', 'dashboard/node_modules/x/index.js', 'dashboard/dist/index.html', 'gateway/.cache/x']) expect([path, reaches(path)]).toEqual([path, false])
  })

  it('runs as nobody in particular, with its data in a volume, and can be stopped and watched', () => {
    const words = new Map(last.steps.map(({ word, text }) => [word, text]))
    expect(words.get('USER')).toMatch(/^[1-9]\d+:[1-9]\d+$/)
    expect([words.get('VOLUME'), words.get('EXPOSE'), words.get('STOPSIGNAL')]).toEqual(['/data', '1883 8080', 'SIGTERM'])
    expect([file.entrypoint, file.cmd]).toEqual([['limen'], ['start']])
    expect(file.env['LIMEN_DATA']).toBe('/data')
    expect(last.steps.some(({ word, text }) => word === 'RUN' && text.includes('-o 10001 -g 10001 /data'))).toBe(true)
  })
})

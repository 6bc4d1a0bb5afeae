import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../test/support/eventually.ts'
import { type GatewayProcess, startGatewayProcess } from '../test/support/gateway-process.ts'
import { type Finding, type Load, startLoad, surgeRule } from './books.ts'
import type { Fault } from './fault.ts'
import { type SmallDisk, mountSmallDisk } from './small-disk.ts'

const MiB = 1024 ** 2

async function onSmallDisk(use: (scene: { limen: GatewayProcess; disk: SmallDisk; load: Load }) => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  const disk = await mountSmallDisk(96)
  if (disk === null) throw new Error('needs a file system of its own, and only root may mount one: run it as root, or leave it out with --only')
  try {
    const limen = await startGatewayProcess({ yaml: `rules: [rules.yaml]\ndata: ${join(disk.path, 'data')}\n`, files: { 'rules.yaml': surgeRule } })
    const load = startLoad(limen)
    try {
      return await use({ limen, disk, load })
    } finally {
      await load.end()
      await limen.remove()
    }
  } finally {
    await disk.remove()
  }
}

/** What it said to a person, without its log. */
const lastWords = (refusal: string): string => refusal.trim().split('\n').filter((line) => !line.startsWith('{')).slice(-2).map((line) => line.trim()).join(' ')

/** Exit code 1 and words, not a stack. */
const refusedCleanly = (refusal: string): boolean => /ended with 1 before/.test(refusal) && lastWords(refusal).startsWith('limen: ')

const readiness = async (limen: GatewayProcess): Promise<number> => (await fetch(`${limen.httpUrl}/readyz`)).status

/** The disk fills under load and is freed again; then once more, and the gateway is stopped, started, killed and started while it is full. */
export const full: Fault = ({ tell }) =>
  onSmallDisk(async ({ limen, disk, load }) => {
    const wrong: string[] = []
    async function fillUp(): Promise<void> {
      await load.getOn(200)
      await disk.fill(MiB)
      await eventually('/readyz to say that the store takes nothing', async () => (await readiness(limen)) === 503, 60_000)
      const before = load.acknowledged()
      await sleep(2_000)
      tell(`full: ${load.acknowledged() - before} acknowledged in 2 s`)
    }
    await fillUp()
    if ((await fetch(`${limen.httpUrl}/healthz`)).status !== 200) wrong.push('/healthz does not answer while the disk is full')
    await disk.free()
    const freed = performance.now()
    await load.getOn(1, 60_000)
    tell(`freed: takes readings again after ${(performance.now() - freed).toFixed(0)} ms`)
    await eventually('/readyz to be well', async () => (await readiness(limen)) === 200)
    await fillUp()
    /** Where there is no room even to open the store it has to say so. */
    async function startOnFull(after: string): Promise<boolean> {
      await disk.fill(0)
      const refusal = await limen.start().then(() => undefined, (thrown: Error) => thrown.message)
      if (refusal === undefined) {
        load.moveTo(limen.mqttUrl)
        tell(`full, after ${after}: starts, /readyz says ${await readiness(limen)}`)
      } else if (refusedCleanly(refusal)) tell(`full, after ${after}: ${lastWords(refusal)}`)
      else wrong.push(`after ${after}, its refusal to start on a full disk is no clean one: ${refusal}`)
      return refusal === undefined
    }
    await limen.kill()
    if (await startOnFull('a kill')) {
      await sleep(1_000)
      await disk.free()
      await load.getOn(1, 60_000)
    } else {
      await disk.free()
      await limen.start()
      load.moveTo(limen.mqttUrl)
    }
    await fillUp()
    const code = await limen.stop()
    if (code !== 0) wrong.push(`it ended with ${code} when asked to stop on a full disk`)
    await startOnFull('a stop')
    await limen.kill()
    await disk.free()
    await limen.start()
    load.moveTo(limen.mqttUrl)
    await load.getOn(1)
    const findings = await load.close('disk full')
    return findings.map((finding, i) => (i === 0 ? { ...finding, wrong: [finding.wrong, ...wrong].filter((each) => each !== '').join('; ') } : finding))
  })

/** On a data directory that cannot be written it does not start, and says why; once it can, all is there. */
export const readOnly: Fault = ({ tell }) =>
  onSmallDisk(async ({ limen, disk, load }) => {
    await load.getOn(200)
    await limen.kill()
    disk.setReadOnly(true)
    let wrong = ''
    const refusal = await limen.start().then(() => undefined, (thrown: Error) => thrown.message)
    if (refusal === undefined) wrong = 'it starts on a data directory it cannot write'
    else if (!refusedCleanly(refusal)) wrong = `its refusal is no clean one: ${refusal}`
    else tell(`read-only: ${lastWords(refusal)}`)
    await limen.kill()
    disk.setReadOnly(false)
    await limen.start()
    load.moveTo(limen.mqttUrl)
    await load.getOn(1)
    const findings = await load.close('data read-only')
    return findings.map((finding, i) => (i === 0 ? { ...finding, wrong: [finding.wrong, wrong].filter((each) => each !== '').join('; ') } : finding))
  })

import { connectAsync } from 'mqtt'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answers, createStory, tell } from '../docs/cookbook.ts'
import { readPages } from '../docs/markdown.ts'
import { isRunnable, runPage } from '../docs/run-page.ts'
import { scenes } from '../docs/scenes.ts'
import { eventually } from '../support/eventually.ts'
import { ownGateway } from '../support/own-gateway.ts'
import { ledgerOf } from '../support/reading-books.ts'
import { queryInfluxd, startInfluxd } from '../support/servers.ts'

const pages = await readPages()

describe('the pages, with the real curl, Mosquitto clients and InfluxDB', () => {
  const runnable = pages.filter(isRunnable)
  it.each(runnable)('work, typed in their order: $file', async (page) => {
    const server = await startInfluxd({ database: 'readings' })
    onTestFinished(() => server.remove())
    await runPage(page, scenes[page.file] ?? {}, { realTools: true, influxPort: server.port })
  })
})

describe("the analyst's cookbook, on InfluxDB 1.6 with what the gateway wrote", async () => {
  const blocks = pages.find(({ file }) => file === 'docs/analyst.md')!.blocks.filter(({ language }) => language === 'sql')

  it('answers every question rightly', async () => {
    const server = await startInfluxd({ database: 'readings' })
    onTestFinished(() => server.remove())
    const ward = (name: string) => `{ labels: { ward: ${name} } }`
    const limen = await ownGateway({ yaml: `influx: { version: 1, url: "${server.url}", database: readings }\ndevices: { bed-1: ${ward('east')}, bed-2: ${ward('east')}, bed-3: ${ward('west')} }\n` })
    const story = createStory(Date.now())
    const client = await connectAsync(limen.mqttUrl)
    onTestFinished(() => client.endAsync())
    await tell(story, client)
    await eventually('everything to be in InfluxDB', async () => {
      const line = await ledgerOf(limen.httpUrl, 'influx')
      return line.delivered === story.readings && line.queued === 0
    }, 60_000)
    for (const { heading, text } of blocks) {
      let rows: Awaited<ReturnType<typeof queryInfluxd>> = []
      for (const statement of text.split(/;\s*\n/)) rows = await queryInfluxd(server, statement, { database: 'readings' })
      try {
        answers[heading]!(rows, story)
      } catch (thrown) {
        throw new Error(`${heading}\n${text}\n${JSON.stringify(rows, null, 1).slice(0, 2_000)}`, { cause: thrown })
      }
    }
    const hourly = await queryInfluxd(server, "SELECT last(mean) AS mean, max FROM reading_hourly WHERE device = 'bed-1' AND metric = 'heart_rate'", { database: 'readings' })
    expect(hourly).toMatchObject([{ mean: (50 * 74.5 + 10 * 130) / 60, max: 130 }])
    expect(await queryInfluxd(server, 'SHOW CONTINUOUS QUERIES', { database: 'readings' })).toMatchObject([{ name: 'hourly' }])
  })
})

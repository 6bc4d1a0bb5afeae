import { describe, expect, it } from 'vitest'
import type { Happening, Life } from '../support/engine-life.ts'
import { createLife, replayed } from '../support/engine-life.ts'
import { rulesOf } from '../support/timeline.ts'

const startWallMs = Date.UTC(2026, 0, 1)

const message = (device: string, values: Readonly<Record<string, unknown>>): Happening => ({ what: 'message', device, values })
const event = (type: string, payload: string): Happening => ({ what: 'payload', topic: `events/${type}`, payload })

async function lifeOf(yaml: string, steps: readonly Happening[] = []): Promise<Life> {
  const life = await createLife({ ruleSets: [rulesOf(yaml), []], startWallMs })
  for (const step of steps) await happen(life, step)
  return life
}

async function happen(life: Life, what: Happening): Promise<void> {
  life.pass(1_000)
  await life.happen(what)
  await life.commit()
}

/** What was told, in few words. */
const words = (life: Life): readonly string[] => life.told().map((line) => {
  const [, , name, , , , , reason, , alarm] = JSON.parse(line) as [number, number, string, string, boolean, null, null, string | null, string, { rule: string; key: string; value: unknown; message: string }]
  return `${alarm.rule} ${alarm.key} ${name} ${String(alarm.value)}${reason === null ? '' : ` (${reason})`}`
})

/** The outcome, and that the log tells the same. */
async function expectItsLogToSayTheSame(life: Life): Promise<void> {
  const { state: _state, ...said } = replayed(await life.log(), { at: 0, wallMs: startWallMs })
  expect(said).toEqual({ told: life.told(), stateHash: life.stateHash(), late: life.late() })
}

describe('a commit that fails', () => {
  it('leaves every reading with its own series, whatever numbers the log was gone through with', async () => {
    const life = await lifeOf('rules: [{ id: hot, on: { metric: temp }, when: { above: 50 } }, { id: wet, on: { metric: humidity }, when: { above: 90 } }]', [message('a', { humidity: 40 }), message('a', { temp: 20 })])
    await life.keepSnapshot()
    await happen(life, message('a', { temp: 21 }))
    await life.happen(message('a', { temp: 22 }))
    await life.lose()
    await happen(life, message('a', { humidity: 60 }))
    expect(words(life)).toEqual([])
    await happen(life, message('a', { temp: 60 }))
    expect(words(life)).toEqual(['hot a raised 60'])
    await expectItsLogToSayTheSame(life)
  })

  it('loses no step of the clock that was followed in its batch', async () => {
    const life = await lifeOf('rules: [{ id: hot, on: { metric: temp }, when: { above: 50 }, for: 5s, escalate: [5s] }]', [message('a', { temp: 60 })])
    await life.happen({ what: 'step', byMs: 3_600_000 })
    await life.lose()
    await happen(life, message('a', { temp: 61 }))
    for (let i = 0; i < 12; i++) await happen(life, { what: 'look' })
    expect(words(life)).toEqual(['hot a raised 61', 'hot a escalated 61 (step 1 of 1)'])
    await expectItsLogToSayTheSame(life)
  })
})

describe('what could not be stored', () => {
  it('of rules and devices is given again: what was edited runs', async () => {
    const life = await createLife({ ruleSets: [[], rulesOf('rules: [{ id: hot, on: { metric: temp, label: { room: x } }, when: { above: 50 } }]')], startWallMs, devices: new Map([['a', { type: null, labels: { room: 'x' }, settings: {} }]]) })
    await life.happen({ what: 'rules', set: 1 })
    await life.lose()
    await happen(life, message('a', { temp: 60 }))
    expect(words(life)).toEqual(['hot a raised 60'])
    await expectItsLogToSayTheSame(life)
  })

  it('first after a start takes nothing of what the start brought with it', async () => {
    const life = await lifeOf('rules: [{ id: hot, on: { metric: temp }, when: { above: 50 }, while: { from: "00:03", to: "12:00" } }]', [message('a', { temp: 60 })])
    expect(words(life)).toEqual([])
    await life.happen({ what: 'restart', downMs: 240_000, stepMs: 0 })
    await life.lose()
    expect(words(life)).toEqual(['hot a raised 60'])
    await happen(life, message('a', { temp: 20 }))
    expect(words(life)).toEqual(['hot a raised 60', 'hot a returned 20'])
    await expectItsLogToSayTheSame(life)
  })
})

describe('a faulty rule', () => {
  it('knows nothing of series that nobody listens to meanwhile', async () => {
    const life = await lifeOf('rules: [{ id: part, on: { metric: temp }, when: { expression: "10 / int(value) > 1" } }]', [message('a', { temp: 5 }), message('a', { temp: 0 })])
    const before = life.stateHash()
    await life.cut('copy')
    expect(life.stateHash()).toBe(before)
    expect(life.state().cells).toMatchObject([{ series: null }])
  })

  it('that is tried again does not go on with what made it throw, whether it was kept meanwhile or not', async () => {
    const yaml = 'rules: [{ id: part, on: { metric: temp }, key: rule, when: { expression: "10 / int(value) > 1" } }, { id: fence, on: { device: "*" }, key: rule, when: { geofence: { zone: { circle: { lat: 0, lon: 0, radius: 1km } }, on: exit } } }]'
    const [one, other] = [await lifeOf(yaml), await lifeOf(yaml)]
    for (const life of [one, other]) for (const step of [message('a', { temp: 5 }), message('b', { temp: 5 }), message('a', { temp: 0, lat: 0, lon: 0 })]) await happen(life, step)
    await other.cut('copy')
    for (const life of [one, other]) {
      await happen(life, { what: 'restart', downMs: 0, stepMs: 0 })
      await happen(life, message('b', { temp: 6 }))
    }
    expect(words(one)).toEqual(['part part raised 5', 'part part quality-changed 5', 'technical.rule part raised null', 'technical.rule part cleared null', 'part part quality-changed 5'])
    expect(other.told()).toEqual(one.told())
    await expectItsLogToSayTheSame(one)
  })

  it('that is tried again after a time down hears the next reading, whatever it heard last', async () => {
    for (const more of ['', ', maxAge: 1min', ', stale: 2s', ', stale: 2s, maxAge: 1min']) {
      const life = await lifeOf(`rules: [{ id: part, on: { metric: temp }, when: { expression: "10 / int(value) > 1"${more.replace(', stale: 2s', '')} }${more.includes('stale') ? ', stale: 2s' : ''} }]`, [message('a', { temp: 5 }), message('a', { temp: 0 })])
      for (let i = 0; i < 9; i++) await happen(life, { what: 'look' })
      await happen(life, { what: 'restart', downMs: 1_000, stepMs: 0 })
      await happen(life, message('a', { temp: 20 }))
      expect(words(life), more).toEqual(['part a raised 5', 'part a quality-changed 5', 'technical.rule part raised null', 'technical.rule part cleared null', 'part a quality-changed 5', 'part a returned 20'])
      await expectItsLogToSayTheSame(life)
    }
  })
})

describe('the log', () => {
  it('says of an event what rules made of it: a number too large for JSON is none', async () => {
    const life = await lifeOf('rules: [{ id: much, on: { event: sale }, when: { expression: "data.amount > 5" } }, { id: often, on: { event: sale }, key: data.card, when: { frequency: { gt: 0, in: 1min } } }]', [event('sale', '{"amount":1e999,"card":1e999}')])
    expect(words(life)).toEqual([])
    await expectItsLogToSayTheSame(life)
    await happen(life, event('sale', '{"amount":6,"card":7}'))
    expect(words(life)).toEqual(['much much raised null', 'often 7 raised 1'])
    await expectItsLogToSayTheSame(life)
  })

  it('says of a device what rules know of it', async () => {
    const rules = 'rules: [{ id: hot, on: { metric: temp }, when: { expression: "value > settings.limit" } }]'
    const life = await createLife({ ruleSets: [rulesOf(rules)], startWallMs, devices: new Map([['a', { type: null, labels: {}, settings: { limit: -Infinity } }]]) })
    await happen(life, message('a', { temp: 20 }))
    expect(words(life)).toEqual([])
    await expectItsLogToSayTheSame(life)
  })

  it('knows no −0, nor do windows', async () => {
    const life = await lifeOf('rules: [{ id: low, on: { metric: temp }, when: { aggregate: { fn: min, window: { sliding: 1min }, lt: 0 } }, stale: 1h }]', [0, -0, 0, -0].map((temp) => message('a', { temp })))
    const before = life.stateHash()
    await life.cut('copy')
    expect(life.stateHash()).toBe(before)
    expect(JSON.stringify(life.state().cells, (_, value: unknown) => (Object.is(value, -0) ? 'minus' : ArrayBuffer.isView(value) ? [...(value as Float64Array)].map((x) => (Object.is(x, -0) ? 'minus' : x)) : value))).not.toContain('minus')
    await expectItsLogToSayTheSame(life)
  })
})

describe('a start', () => {
  it('leaves the alarm of a rule about events as it is, though no state was ever kept', async () => {
    const life = await lifeOf('rules: [{ id: often, on: { event: "login.*" }, when: { frequency: { gt: 0, in: 10s } } }]', [event('login.failed', '{"device":"a"}')])
    await happen(life, { what: 'restart', downMs: 1_000, stepMs: 0 })
    expect(words(life)).toEqual(['often a raised 1'])
    for (let i = 0; i < 9; i++) await happen(life, { what: 'look' })
    expect(words(life)).toEqual(['often a raised 1', 'often a returned 1'])
    await expectItsLogToSayTheSame(life)
  })

  it('that finds the clock set back makes nothing late', async () => {
    const life = await lifeOf('rules: [{ id: top, on: { metric: temp }, when: { aggregate: { fn: max, window: { sliding: 20s }, gt: 50 } } }, { id: often, on: { event: "e.*" }, when: { frequency: { gt: 1, in: 20s } } }]', [message('a', { temp: 20 }), event('e.x', '{}')])
    await happen(life, { what: 'restart', downMs: 1_000, stepMs: -3_600_000 })
    await happen(life, message('a', { temp: 60 }))
    await happen(life, event('e.x', '{}'))
    expect(words(life)).toEqual(['top a raised 60', 'often often raised 2'])
    expect(life.late()).toBe(0)
    await expectItsLogToSayTheSame(life)
  })
})

describe('readings that come late', () => {
  it('are counted once each where they lie more than 5 s behind; a level rule passes by what is older than its last, counted or not', async () => {
    const life = await lifeOf('rules: [{ id: hot, on: { metric: temp }, when: { above: 50 } }, { id: mean, on: { metric: temp }, when: { aggregate: { fn: avg, window: { sliding: 1min }, gt: 50 } } }, { id: other, on: { metric: temp }, when: { nOfM: { n: 1, m: 3, gt: 50 } } }]')
    const late = (temp: number, tsBy: number): Happening => ({ what: 'message', device: 'a', values: { temp }, tsBy })
    for (const step of [late(20, 0), late(20, 0)]) await happen(life, step)
    await happen(life, late(90, -3_000))
    expect(life.late()).toBe(0)
    expect(words(life)).toEqual(['other a raised 90'])
    await happen(life, late(91, -7_500))
    expect(life.late()).toBe(1)
    // Too far from its receipt to be believed: it counts by that, and is not late.
    await happen(life, late(20, -61_000))
    expect(life.late()).toBe(1)
    await expectItsLogToSayTheSame(life)
  })
})

describe('the wall clock', () => {
  it.each([3_600_000, -3_600_000, 30_000, -30_000])('set by %i ms makes no reading late', async (byMs) => {
    const life = await lifeOf('rules: [{ id: hot, on: { metric: temp }, when: { above: 50 } }]', [message('a', { temp: 20 }), { what: 'step', byMs }, message('a', { temp: 21 }), message('a', { temp: 22 })])
    expect(life.late()).toBe(0)
    await expectItsLogToSayTheSame(life)
  })
})

describe('what is told', () => {
  it('does not depend on which of two metrics was heard first', async () => {
    const yaml = 'rules: [{ id: any, on: { device: a }, when: { any: [{ metric: "*", gt: 5 }] } }]'
    const [one, other] = [await lifeOf(yaml), await lifeOf(yaml)]
    for (const life of [one, other]) for (const values of [{ y: 7 }, { x: 8 }]) await happen(life, message('a', values))
    await other.cut('copy')
    for (const life of [one, other]) await happen(life, message('a', { x: 0, y: 1 }))
    expect(words(one)).toEqual(['any a raised 7', 'any a returned 0'])
    expect(words(other)).toEqual(words(one))
  })

  it('does not depend on the order in which series came when a rule begins', async () => {
    const [every, first] = ['{ id: hot, on: { metric: "?" }, when: { above: 50 } }', '{ id: gone, on: { metric: "?" }, key: rule, when: { absent: { after: 500ms } } }']
    const ruleSets = [rulesOf(`rules: [${every}]`), rulesOf(`rules: [${every}, ${first}]`)]
    const [one, other] = [await createLife({ ruleSets, startWallMs }), await createLife({ ruleSets, startWallMs })]
    for (const life of [one, other]) await happen(life, message('a', { y: 1, x: 1 }))
    await other.cut('copy')
    for (const life of [one, other]) await happen(life, { what: 'rules', set: 1 })
    expect(other.state().cells).toEqual(one.state().cells)
    expect(other.stateHash()).toBe(one.stateHash())
  })

  it('of series that are silent at once does not depend on which of them spoke first', async () => {
    const yaml = 'rules: [{ id: any, on: { device: a }, when: { any: [{ metric: "*", gt: 5 }] }, stale: 3s }]'
    const [one, other] = [await lifeOf(yaml), await lifeOf(yaml)]
    for (const life of [one, other]) await happen(life, message('a', { y: 1, x: 1 }))
    await other.cut('copy')
    for (const life of [one, other]) for (let i = 0; i < 5; i++) await happen(life, { what: 'look' })
    expect(words(one)).toEqual(['technical.stale a.x raised null', 'technical.stale a.y raised null'])
    expect(other.told()).toEqual(one.told())
  })

  it('of an alarm whose rule is gone is the same in this life and in the next', async () => {
    const yaml = 'rules: [{ id: hot, on: { metric: temp }, when: { above: 50 } }]'
    const [one, other] = [await lifeOf(yaml), await lifeOf(yaml)]
    for (const life of [one, other]) for (const step of [message('a', { temp: 60 }), { what: 'rules', set: 1 } as const]) await happen(life, step)
    await other.cut('copy')
    for (const life of [one, other]) await happen(life, { what: 'action', action: { verb: 'comment', rule: 'hot', key: 'a', by: 'ann', note: 'why?' } })
    expect(other.told()).toEqual(one.told())
    await expectItsLogToSayTheSame(one)
  })

  it('by an edit happens then, and not when it would have been due', async () => {
    const ruleSets = ['', ', escalate: [2s]'].map((more) => rulesOf(`rules: [{ id: hot, on: { metric: temp }, when: { above: 50 }${more} }]`))
    const [one, other] = [await createLife({ ruleSets, startWallMs }), await createLife({ ruleSets, startWallMs })]
    for (const life of [one, other]) for (const step of [message('a', { temp: 60 }), message('a', { temp: 61 }), message('a', { temp: 62 }), message('a', { temp: 63 })]) await happen(life, step)
    await other.cut('copy')
    for (const life of [one, other]) for (const step of [{ what: 'rules', set: 1 }, { what: 'look' }] as const) await happen(life, step)
    expect(one.told().map((line) => (JSON.parse(line) as [number, number, string]).slice(0, 3))).toEqual([[1_000, startWallMs + 1_000, 'raised'], [5_000, startWallMs + 5_000, 'escalated']])
    expect(other.told()).toEqual(one.told())
    await expectItsLogToSayTheSame(one)
  })

  it('is nothing where rules are given again as they are', async () => {
    const life = await lifeOf('rules: [{ id: hot, on: { metric: temp }, when: { above: 50 } }]', [message('a', { temp: 60 }), { what: 'rules', set: 1 }])
    await happen(life, { what: 'action', action: { verb: 'suppress', rule: 'hot', key: 'a', by: 'ann' } })
    await happen(life, { what: 'rules', set: 1 })
    expect(words(life)).toEqual(['hot a raised 60', 'hot a retired 60 (rule removed)', 'hot a suppressed 60'])
    await expectItsLogToSayTheSame(life)
  })
})

describe('what comes from outside without end', () => {
  it('leaves nothing behind: keys of events, of which each is heard a little', async () => {
    const kinds = ['frequency: { gt: 3, in: 5s }', 'sequence: [{ event: e.one }, { event: e.two }], within: 5s', 'expression: "data.amount > 100"', 'expression: "data.amount > 100", maxAge: 5s']
    const life = await lifeOf(`rules: [${kinds.map((when, i) => `{ id: r${i}, on: { event: "e.*" }, key: data.card, when: { ${when} } }`).join(', ')}]`)
    for (let i = 0; i < 300; i++) await life.happen(event(i % 3 === 0 ? 'e.two' : 'e.one', `{"card":"c${i}","amount":${i % 90},"device":"d${i}"}`))
    await life.commit()
    expect(life.state().cells.length).toBeGreaterThan(300)
    life.pass(60_000)
    await happen(life, { what: 'look' })
    expect(life.state()).toMatchObject({ cells: [], series: [], facts: { devices: [] } })
    expect(life.nextDue()).toBe(Infinity)
  })

  it('leaves nothing behind: labels that were keys', async () => {
    const life = await lifeOf('rules: [{ id: hot, on: { metric: temp }, key: label.room, when: { above: 50 } }, { id: gone, on: { device: "*" }, key: label.room, when: { absent: { after: 1h } } }, { id: any, on: { device: "*" }, key: label.room, when: { any: [{ metric: temp, gt: 50 }] } }]')
    for (let i = 0; i < 50; i++) {
      await happen(life, { what: 'facts', device: 'a', facts: { labels: { room: `room ${i}` } } })
      await happen(life, message('a', { temp: 60 }))
    }
    expect(life.state().cells.map(({ rule, key }) => `${rule} ${key}`)).toEqual(['any room 49', 'gone room 49', 'hot room 49'])
    await expectItsLogToSayTheSame(life)
  })
})

describe('time that stands still', () => {
  it('after a start is no reason to look again and again, nor to write', async () => {
    const life = await lifeOf('rules: [{ id: then, on: { event: "e.*" }, key: data.card, when: { sequence: [{ event: e.one }, { event: e.two }], within: 2s } }]', [event('e.one', '{"card":"c"}'), { what: 'restart', downMs: 1_000, stepMs: 0 }])
    life.pass(60_000)
    await happen(life, { what: 'look' })
    expect(life.nextDue()).toBe(Infinity)
    // What had happened by then is not forgotten: the first event goes on from there.
    life.pass(60_000)
    await happen(life, event('e.two', '{"card":"c"}'))
    expect(words(life)).toEqual(['then c raised null'])
    await expectItsLogToSayTheSame(life)
  })

  it('does so for nothing where nothing was under way', async () => {
    const life = await lifeOf('rules: [{ id: then, on: { device: "*" }, when: { sequence: [{ metric: a, gt: 1 }, { metric: a, gt: 2 }], within: 2s } }]', [message('d', { a: 0 }), { what: 'restart', downMs: 1_000, stepMs: 0 }])
    expect(life.state().cells).toMatchObject([{ memory: { frozen: null } }])
  })
})

describe('an edit', () => {
  it('of one rule leaves another, of which only the place in its file changed, as the log has it', async () => {
    const [hot, wet] = rulesOf('rules: [{ id: hot, on: { metric: temp }, when: { above: 50 } }, { id: wet, on: { metric: humidity }, when: { above: 90 } }]')
    const [wetter] = rulesOf('rules: [{ id: wet, on: { metric: humidity }, when: { above: 95 } }]')
    const life = await createLife({ ruleSets: [[hot!, wet!], [{ ...hot!, source: { file: 'other.yaml', line: 9 } }, wetter!]], startWallMs })
    await happen(life, { what: 'rules', set: 1 })
    await happen(life, message('a', { temp: 60 }))
    await expectItsLogToSayTheSame(life)
  })
})

describe('a start after long', () => {
  it('takes a value that came before its look was due for one that may become stale yet, whatever the log was gone through from', async () => {
    const lives = [await lifeOf('rules: [{ id: hot, on: { metric: temp }, when: { above: 50 } }]'), await lifeOf('rules: [{ id: hot, on: { metric: temp }, when: { above: 50 } }]')] as const
    for (const [life, keeps] of [[lives[0], true], [lives[1], false]] as const) {
      await happen(life, message('a', { temp: 20 }))
      life.pass(25_000)
      await happen(life, message('a', { temp: 21 }))
      if (keeps) await life.keepSnapshot()
      life.pass(5_000)
      if (keeps) await life.happen({ what: 'look' })
      await life.happen({ what: 'restart', downMs: 3_600_000, stepMs: 0 })
      await life.commit()
    }
    expect(lives[0].state().cells).toEqual(lives[1].state().cells)
    expect(lives[0].state().cells).toMatchObject([{ goodAt: lives[0].times().at }])
  })


  it('lets begin anew what waited to become stale, not what a look would have found to wait for nothing, whether anybody looked or not', async () => {
    const yaml = 'rules: [{ id: hot, on: { metric: temp }, when: { above: 50 } }, { id: wet, on: { metric: humidity }, when: { above: 90 }, for: 20s, stale: 1h }]'
    const lives = [await lifeOf(yaml), await lifeOf(yaml)] as const
    for (const [life, looks] of [[lives[0], true], [lives[1], false]] as const) {
      await happen(life, message('a', { temp: 20, humidity: 95 }))
      life.pass(25_000)
      if (looks) await life.happen({ what: 'look' })
      life.pass(15_000)
      if (looks) await life.happen({ what: 'look' })
      await life.happen({ what: 'restart', downMs: 3_600_000, stepMs: 0 })
    }
    expect(lives[0].state().cells).toEqual(lives[1].state().cells)
    expect(lives[0].stateHash()).toBe(lives[1].stateHash())
  })
})

import { describe, expect, it, onTestFinished } from 'vitest'
import type { Config } from '../gateway/config/config.ts'
import type { NewEvent } from '../gateway/kernel/event.ts'
import { silentLogger } from '../gateway/kernel/log.ts'
import type { Rule } from '../gateway/kernel/rule.ts'
import { createRuleKeeper } from '../gateway/rule-keeper.ts'
import { createFakeClock } from './support/fake-clock.ts'
import { rulesOf } from './support/timeline.ts'

const rule = (id: string, limit: number) => `- { id: ${id}, on: { metric: t }, when: { above: ${limit} } }`

async function startWith(now: string, lastGood: string | undefined) {
  const told: (NewEvent | undefined)[] = []
  let kept: readonly Rule[] = []
  const keeper = createRuleKeeper({ rules: [], file: undefined, baseDir: '/nowhere' } as unknown as Config, {
    clock: createFakeClock(),
    logger: silentLogger,
    lastGood: { read: async () => (lastGood === undefined ? undefined : rulesOf(lastGood)), keep: (rules) => void (kept = rules) },
    load: async () => ({ rules: rulesOf(now), problems: [], files: [] }) as never,
    rereadSources: async () => [],
    replace: (_rules, news) => void told.push(news),
    condition: () => {},
  })
  onTestFinished(() => keeper.stop())
  await keeper.start()
  return { told, kept, keeper }
}

describe('the keeper of the rules', () => {
  it('tells which rules came, went or changed while the gateway was down', async () => {
    const { told, kept } = await startWith([rule('same', 1), rule('edited', 3), rule('new', 4)].join('\n'), [rule('gone', 9), rule('same', 1), rule('edited', 2)].join('\n'))
    expect(told).toEqual([{ type: 'limen.gateway.rules-changed', data: { rules: 3, added: ['new'], changed: ['edited'], removed: ['gone'] } }])
    expect(kept.map(({ id }) => id)).toEqual(['same', 'edited', 'new'])
  })

  it('tells nothing where nothing changed, and nothing at the very first start', async () => {
    expect((await startWith(rule('same', 1), rule('same', 1))).told).toEqual([undefined])
    expect((await startWith(rule('same', 1), undefined)).told).toEqual([undefined])
  })
})

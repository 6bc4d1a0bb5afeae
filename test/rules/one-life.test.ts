import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Rule } from '../../gateway/kernel/rule.ts'
import type { Happening, Life } from '../support/engine-life.ts'
import { createLife, replayed } from '../support/engine-life.ts'
import { after, happenings, lives, ruleSets } from '../support/rule-chance.ts'

/** A minute before the clocks of Europe are put forward. */
const startWallMs = Date.UTC(2026, 2, 29, 0, 59)

type Step = { readonly after: number; readonly what: Happening }
type Sets = readonly (readonly Rule[])[]

/** Goes through it all; `before` and `then` are asked around every step. In the end what was due is done. */
async function live(sets: Sets, steps: readonly Step[], { before, then }: { before?: (life: Life, i: number) => Promise<void> | void; then?: (life: Life, i: number) => Promise<void> | void } = {}): Promise<Life> {
  const life = await createLife({ ruleSets: sets, startWallMs })
  for (const [i, { after: ms, what }] of steps.entries()) {
    life.pass(ms)
    await before?.(life, i)
    await life.happen(what)
    await life.commit()
    await then?.(life, i)
  }
  life.pass(45_000)
  await life.happen({ what: 'look' })
  await life.commit()
  return life
}

const outcome = (life: Life) => ({ told: life.told(), stateHash: life.stateHash(), late: life.late() })

function expectTheSame(life: Life, plain: Life): void {
  if (life.stateHash() !== plain.stateHash() && life.told().length === plain.told().length) expect(life.state()).toEqual(plain.state())
  expect(outcome(life)).toEqual(outcome(plain))
}

async function expectItsLogToSayTheSame(life: Life): Promise<void> {
  const { state, ...said } = replayed(await life.log(), { at: 0, wallMs: startWallMs })
  if (said.stateHash !== life.stateHash() && said.told.length === life.told().length) expect(state).toEqual(life.state())
  expect(said).toEqual(outcome(life))
}

// The hunt for other lives: LIMEN_TEST_RUNS=2000 LIMEN_TEST_SEED=1
const { LIMEN_TEST_RUNS: manyRuns } = process.env
const runs = (usual: number): fc.Parameters<any> => ({ numRuns: Number(manyRuns ?? usual), reporter: tell })

/** As short as it can be said. */
function tell(details: fc.RunDetails<readonly unknown[]>): void {
  if (!details.failed) return
  const [sets, ...rest] = details.counterexample! as [Sets, ...unknown[]]
  const words = (rule: Rule): string => JSON.stringify(Object.fromEntries(Object.entries(rule).filter(([name, value]) => ['id', 'on', 'when', 'key', 'forMs', 'clearForMs', 'staleMs', 'schedule', 'mode', 'unit'].includes(name) && value !== 0)))
  const given = [...sets.map((set) => set.map(words).join('\n  ')), ...rest.map((one) => (Array.isArray(one) ? one.map((step) => JSON.stringify(step)).join('\n  ') : JSON.stringify(one)))].join('\n- ')
  throw new Error(`seed ${details.seed}, after ${details.numRuns} runs:\n- ${given}\n${String(details.errorInstance)}`, { cause: details.errorInstance })
}
const longest = 24 * 3_600_000

describe('one life of rules by chance', () => {
  it('is the same wherever the state is kept and read again, restarts and all', async () => {
    await fc.assert(fc.asyncProperty(ruleSets(6), lives({ keep: 1 }, 60), fc.array(fc.constantFrom('no', 'no', 'copy', 'store', 'keep'), { minLength: 60, maxLength: 60 }), async (sets, steps, cuts) => {
      const states: { readonly hash: string; readonly state: unknown }[] = []
      const plain = await live(sets, steps, { then: (life, i) => void (states[i] = { hash: life.stateHash(), state: life.state() }) })
      const cut = await live(sets, steps, {
        async then(life, i) {
          const how = cuts[i]!
          if (how === 'keep') await life.keepSnapshot()
          else if (how !== 'no') await life.cut(how)
          // What differs is told by the state, were there no hash at all.
          if (life.stateHash() !== states[i]!.hash) expect(life.state(), `after ${i}, ${how}`).toEqual(states[i]!.state)
          expect(life.stateHash(), `after ${i}, ${how}`).toBe(states[i]!.hash)
        },
      })
      expectTheSame(cut, plain)
    }), runs(60))
  }, longest)

  it('is what its log says', async () => {
    await fc.assert(fc.asyncProperty(ruleSets(6), lives({}, 60), async (sets, steps) => {
      const life = await live(sets, steps)
      await expectItsLogToSayTheSame(life)
    }), runs(60))
  }, longest)

  it('does not depend on who looks when', async () => {
    await fc.assert(fc.asyncProperty(ruleSets(6), lives({}, 60), fc.array(fc.nat(3), { minLength: 60, maxLength: 60 }), async (sets, steps, looks) => {
      const plain = await live(sets, steps)
      const looked = await createLife({ ruleSets: sets, startWallMs })
      for (const [i, { after: ms, what }] of steps.entries()) {
        for (let n = looks[i]!, left = ms; n >= 0; n--) {
          const part = n === 0 ? left : Math.min(left, n === 2 ? Math.max(0, looked.nextDue() - looked.times().at) : Math.floor(left / 2))
          left -= part
          looked.pass(part)
          if (n > 0) await looked.happen({ what: 'look' })
        }
        await looked.happen(what)
        await looked.commit()
      }
      looked.pass(45_000)
      await looked.happen({ what: 'look' })
      await looked.commit()
      expectTheSame(looked, plain)
    }), runs(40))
  }, longest)

  it('does not depend on the order in which rules are written', async () => {
    await fc.assert(fc.asyncProperty(ruleSets(6), lives({}, 50), async (sets, steps) => {
      const turned = sets.map((set) => [...set].reverse())
      expect(outcome(await live(turned, steps))).toEqual(outcome(await live(sets, steps)))
    }), runs(30))
  }, longest)

  it('knows nothing of what could not be stored', async () => {
    const { message, payload, event, action, technical, facts } = happenings
    const lost = fc.array(fc.tuple(fc.nat(50), fc.array(fc.oneof<fc.Arbitrary<Happening>[]>(message, message, payload, event, action as fc.Arbitrary<Happening>, technical, facts as fc.Arbitrary<Happening>), { minLength: 1, maxLength: 4 }), after), { maxLength: 6 })
    await fc.assert(fc.asyncProperty(ruleSets(6), lives({}, 50), lost, async (sets, steps, losses) => {
      const before = (loses: boolean) => async (life: Life, i: number): Promise<void> => {
        for (const [where, inputs, ms] of losses) {
          if (where !== i) continue
          if (loses) for (const what of inputs) await life.happen(what)
          life.pass(ms)
          if (loses) await life.lose()
        }
      }
      const plain = await live(sets, steps, { before: before(false) })
      const losing = await live(sets, steps, { before: before(true) })
      expectTheSame(losing, plain)
      await expectItsLogToSayTheSame(losing)
    }), runs(40))
  }, longest)

  it('is what its log says, whatever of it could not be stored', async () => {
    await fc.assert(fc.asyncProperty(ruleSets(6), lives({ keep: 2, rules: 4, step: 3 }, 60), fc.array(fc.constantFrom('commit', 'commit', 'wait', 'lose'), { minLength: 60, maxLength: 60 }), async (sets, steps, ends) => {
      const life = await createLife({ ruleSets: sets, startWallMs })
      for (const [i, { after: ms, what }] of steps.entries()) {
        life.pass(ms)
        await life.happen(what)
        if (ends[i] === 'commit') await life.commit()
        else if (ends[i] === 'lose') await life.lose()
      }
      life.pass(45_000)
      await life.happen({ what: 'look' })
      await life.commit()
      await expectItsLogToSayTheSame(life)
    }), runs(40))
  }, longest)
})

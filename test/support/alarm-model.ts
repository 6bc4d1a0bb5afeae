import type { AlarmEventName, CoreState, Overlay } from '../../gateway/kernel/alarm.ts'

/** What is said of one alarm: by the rules, by operators, by the clock. Times are seconds. */
export type Said =
  | { readonly say: 'true' | 'false' | 'up' | 'down' | 'gated' | 'unknown' | 'good' | 'unshelve' | 'suppress' | 'unsuppress' | 'return-to-service' | 'restart' | 'lost' | 'retire' }
  | { readonly say: 'ack' | 'reset'; readonly older: boolean }
  | { readonly say: 'shelve'; readonly forS: number | null; readonly oneShot: boolean }
  | { readonly say: 'out-of-service' | 'comment'; readonly note: boolean }
  | { readonly say: 'wait'; readonly s: number }

export interface ModelRule { readonly latch: boolean; readonly auto: boolean; readonly escalateS: readonly number[]; readonly realarmS: number | null; readonly high: boolean }

export type Emitted = readonly [event: AlarmEventName, from: CoreState, to: CoreState]

/** The table of the design once more, as plain statements: what each thing said must bring. */
export interface AlarmModel {
  say(said: Said): readonly Emitted[]
  state(): { readonly core: CoreState; readonly overlays: readonly Overlay[]; readonly occurrence: number; readonly acknowledged: boolean; readonly shelvedUntilS: number | null }
}

export function createAlarmModel(rule: ModelRule): AlarmModel {
  let core: CoreState = 'normal'
  let on: Overlay[] = []
  let occurrence = 0
  let known = false
  let quality = 'good'
  let now = 0
  let announcedS = 0
  let steps = 0
  let ackedS: number | null = null
  let shelvedUntilS: number | null = null
  let oneShot = false
  let emitted: [AlarmEventName, CoreState, CoreState][] = []

  const active = (): boolean => core === 'unacked' || core === 'acked'

  /** The core moves; told as it is, or only tracked. */
  function move(to: CoreState, ...events: AlarmEventName[]): void {
    const from = core
    core = to
    known = true
    for (const event of on.length > 0 ? (['tracked'] as const) : events) emitted.push([event, from, to])
  }

  function same(event: AlarmEventName): void {
    if (event !== 'rejected') known = true
    emitted.push([event, core, core])
  }

  function announce(): void {
    announcedS = now
    steps = 0
    ackedS = null
  }

  function uncover(overlay: Overlay, event: AlarmEventName): void {
    on = on.filter((one) => one !== overlay)
    if (overlay === 'shelved') [shelvedUntilS, oneShot] = [null, false]
    same(event)
    if (on.length > 0 || core !== 'unacked') return
    same('raised')
    announce()
  }

  function cover(overlay: Overlay, event: AlarmEventName): void {
    if (!on.includes(overlay)) on = [...on, overlay]
    same(event)
  }

  function ends(clear: () => void): void {
    if (!active()) return
    clear()
    if (oneShot) uncover('shelved', 'unshelved')
  }

  function clears(): void {
    quality = 'good'
    if (rule.latch) move(core === 'acked' || rule.auto ? 'latched-acked' : 'latched-unacked', 'latched')
    else if (core === 'acked' || rule.auto || on.length > 0) move('normal', 'cleared')
    else move('rtn-unacked', 'returned')
  }

  function ack(): void {
    switch (core) {
      case 'unacked':
        move('acked', 'acked')
        break
      case 'rtn-unacked':
        move('normal', 'acked', 'cleared')
        break
      case 'latched-unacked':
        move('latched-acked', 'acked')
        break
      case 'latched-acked':
        return same('rejected')
      default:
        return
    }
    ackedS = now
  }

  function reset(): void {
    if (core === 'latched-unacked') move('rtn-unacked', 'reset')
    else if (core === 'latched-acked') move('normal', 'reset', 'cleared')
    else same('rejected')
  }

  /** What falls due up to `until`, one after the other: a shelf before a call of the same moment. */
  function wait(until: number): void {
    for (;;) {
      const shelf = shelvedUntilS ?? Infinity
      const escalation = core === 'unacked' && steps < rule.escalateS.length ? announcedS + rule.escalateS[steps]! : Infinity
      const realarm = core === 'acked' && rule.realarmS !== null ? ackedS! + rule.realarmS : Infinity
      const due = Math.min(shelf, escalation, realarm)
      if (due > until) break
      now = Math.max(now, due)
      if (due === shelf) uncover('shelved', 'unshelved')
      else if (due === escalation) {
        steps++
        move('unacked', 'escalated')
      } else {
        move('unacked', 'realarmed')
        announce()
      }
    }
    now = until
  }

  function shelve(forS: number | null, single: boolean): void {
    const longest = rule.high ? 1_800 : 86_400
    if ((forS === null && !single) || (forS !== null && (forS <= 0 || forS > longest))) return same('rejected')
    shelvedUntilS = now + (forS ?? longest)
    oneShot = single
    cover('shelved', 'shelved')
  }

  function take(said: Said): void {
    switch (said.say) {
      case 'true': {
        if (active()) return
        const event = core === 'normal' ? 'raised' : 'reraised'
        occurrence++
        quality = 'good'
        move('unacked', event)
        announce()
        return
      }
      case 'false':
        return ends(clears)
      case 'gated':
        return ends(() => {
          quality = 'good'
          move('normal', 'cleared')
        })
      case 'up':
        if (!active()) return
        quality = 'good'
        if (core === 'acked') announce()
        return move('unacked', 'level-changed')
      case 'down':
        if (!active()) return
        quality = 'good'
        return move(core, 'level-changed')
      case 'unknown':
      case 'good':
        if (core === 'normal' || quality === said.say) return
        quality = said.say
        return same('quality-changed')
      case 'ack':
        return said.older ? same('rejected') : ack()
      case 'reset':
        return said.older ? same('rejected') : reset()
      case 'shelve':
        return shelve(said.forS, said.oneShot)
      case 'unshelve':
        return on.includes('shelved') ? uncover('shelved', 'unshelved') : same('rejected')
      case 'suppress':
        return cover('suppressed', 'suppressed')
      case 'unsuppress':
        return on.includes('suppressed') ? uncover('suppressed', 'unsuppressed') : same('rejected')
      case 'out-of-service':
        return said.note ? cover('out-of-service', 'out-of-service') : same('rejected')
      case 'return-to-service':
        return on.includes('out-of-service') ? uncover('out-of-service', 'returned-to-service') : same('rejected')
      case 'comment':
        return same(said.note ? 'commented' : 'rejected')
      case 'retire': {
        if (core === 'normal' && on.length === 0) return
        on = []
        ;[shelvedUntilS, oneShot] = [null, false]
        return move('normal', 'retired')
      }
      case 'wait':
        return wait(now + said.s)
      case 'restart':
      case 'lost':
        return
      default:
        said satisfies never
    }
  }

  return {
    say(said) {
      emitted = []
      take(said)
      return emitted
    },
    state: () => ({ core, overlays: on, occurrence: known ? occurrence : 0, acknowledged: ackedS !== null, shelvedUntilS }),
  }
}

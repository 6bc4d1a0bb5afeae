import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { alarms, session } from '../data/state.ts'
import { useKeys } from '../parts/keyboard.tsx'
import { isWide } from '../parts/media.ts'
import type { ScreenVerb } from './actions.ts'
import { actionsFor } from './actions.ts'
import { start } from './dialogs.tsx'
import { choiceAfter, neighbour } from './selection.ts'

interface AlarmKeysOptions {
  readonly list: RefObject<HTMLElement | null>
  /** In the order they are shown. */
  readonly ids: readonly string[]
  /** The alarm whose detail is open. */
  readonly openId?: string | undefined
  readonly onOpen: (id: string) => void
  /** The arrows moved to this one. */
  readonly onMove?: (id: string) => void
}

/** The alarm whose detail was looked at last: who comes back from it goes on at its row. */
export const lastOpen: { id: string | undefined } = { id: undefined }

/** Arrows, Enter, a, s, c over a list of rows; and the focus is not lost when a row goes or its button does. */
export function useAlarmKeys({ list, ids, openId, onOpen, onMove }: AlarmKeysOptions): void {
  const chosen = useRef<string | undefined>(openId)
  const before = useRef(ids)
  const inside = useRef(false)

  const link = (id: string): HTMLElement | null => list.current?.querySelector<HTMLElement>(`[data-alarm-id="${CSS.escape(id)}"] a`) ?? null
  if (openId !== undefined && ids.includes(openId)) chosen.current = openId

  useEffect(() => {
    const look = (event: Event): void => {
      // A question about a row is still of the row.
      if (event.target instanceof Element && event.target.closest('dialog') !== null) return
      const row = event.target instanceof Element && list.current?.contains(event.target) ? event.target.closest<HTMLElement>('[data-alarm-id]') : null
      inside.current = row !== null
      if (row !== null) chosen.current = row.dataset['alarmId']
    }
    document.addEventListener('focusin', look)
    document.addEventListener('pointerdown', look)
    return () => {
      document.removeEventListener('focusin', look)
      document.removeEventListener('pointerdown', look)
    }
  }, [])

  useLayoutEffect(() => {
    if (before.current !== ids) {
      chosen.current = choiceAfter(before.current, ids, chosen.current)
      before.current = ids
    }
    const lost = document.activeElement === null || document.activeElement === document.body
    if (openId === undefined && lastOpen.id !== undefined) {
      const row = link(lastOpen.id)
      if (lost && row !== null) {
        chosen.current = lastOpen.id
        row.focus({ preventScroll: isWide.peek() })
      }
      lastOpen.id = undefined
      return
    }
    if (inside.current && lost && chosen.current !== undefined) link(chosen.current)?.focus({ preventScroll: true })
  })

  function act(verb: ScreenVerb): boolean {
    const focused = document.activeElement?.closest<HTMLElement>('[data-alarm-id]')?.dataset['alarmId']
    const alarm = alarms.value.get(focused ?? openId ?? chosen.current ?? '')
    if (alarm === undefined) return false
    if (actionsFor(alarm, session.value?.role ?? 'viewer').includes(verb)) start(verb, alarm)
    return true
  }

  useKeys((key) => {
    switch (key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        if (ids.length === 0 || list.current === null) return false
        const next = neighbour(ids, chosen.current, key === 'ArrowDown' ? 1 : -1)!
        chosen.current = next
        link(next)?.focus()
        onMove?.(next)
        return true
      }
      case 'Enter':
        if (chosen.current === undefined || chosen.current === openId) return false
        onOpen(chosen.current)
        return true
      case 'a':
        return act('ack')
      case 's':
        return act('shelve')
      case 'c':
        return act('comment')
      default:
        return false
    }
  })
}

import { useEffect } from 'preact/hooks'
import { navigate } from '../router.ts'
import { helpOpen } from './help-dialog.tsx'

/** What the page in view does with a key; true: it was meant for it. The newest is asked first. */
export type KeyTaker = (key: string) => boolean
const takers: KeyTaker[] = []

export function useKeys(taker: KeyTaker): void {
  useEffect(() => {
    takers.unshift(taker)
    return () => void takers.splice(takers.indexOf(taker), 1)
  })
}

const places: Readonly<Record<string, string>> = { o: '/', a: '/alarms', d: '/devices', r: '/rules', h: '/history', k: '/kpi', s: '/system' }

export function KeyboardShortcuts() {
  useEffect(() => {
    let going = false
    const listen = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || document.querySelector('dialog[open]') !== null) return
      const { target, key } = event
      const typing = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
      if (typing && key !== 'Escape') return
      if (going && places[key] !== undefined) {
        event.preventDefault()
        going = false
        return navigate(places[key])
      }
      going = key === 'g'
      if (key === '?') {
        event.preventDefault()
        helpOpen.value = true
        return
      }
      // Enter and space are the focused control's own.
      if ((key === 'Enter' || key === ' ') && target instanceof Element && target.closest('a, button, summary') !== null) return
      // A key that is held must not acknowledge one alarm after the other.
      if (event.repeat && !key.startsWith('Arrow')) return
      if (takers.some((taker) => taker(key))) event.preventDefault()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])
  return null
}

import { signal } from '@preact/signals'

const wide = matchMedia('(min-width: 1000px)')

/** Room for list and detail side by side. */
export const isWide = signal(wide.matches)
wide.addEventListener('change', () => (isWide.value = wide.matches))

/** Does anybody see the page? Of ten tabs one is in front. */
export const isSeen = signal(document.visibilityState === 'visible')
document.addEventListener('visibilitychange', () => (isSeen.value = document.visibilityState === 'visible'))

import { useState, useSyncExternalStore } from 'react'

const query = matchMedia('(min-width: 56rem)')

function subscribe(listener: () => void) {
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}

/** The sidebar: beside the thread where there is room, over it where there is not. */
export function useSidebar() {
  const wide = useSyncExternalStore(subscribe, () => query.matches)
  const [beside, setBeside] = useState(true)
  const [over, setOver] = useState(false)
  const set = wide ? setBeside : setOver
  return {
    wide,
    open: wide ? beside : over,
    show: () => set(true),
    hide: () => set(false),
    /** After somebody went somewhere from it. */
    visited: () => setOver(false),
  }
}

import { useEffect, useRef, useState } from 'react'

/** Calls back while an element that is given the ref can be seen, for lists that go on where one scrolls to. */
export function useSeen(callback: () => void, active: boolean) {
  const [element, setElement] = useState<HTMLElement | null>(null)
  const latest = useRef(callback)
  latest.current = callback
  useEffect(() => {
    if (!element || !active) return
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && latest.current(),
      { rootMargin: '300px' },
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [element, active])
  return setElement
}

import { createContext, useContext } from 'react'

/** Where menus and tips are put: in a modal dialog, for everything beside it is out of reach while it is open. */
export const Surface = createContext<HTMLElement | null>(null)

export const useSurface = () => useContext(Surface)

import { useEffect } from 'react'
import { strings } from '../strings'

/** The title of the page, for tabs, history and readers. */
export function usePageTitle(title?: string) {
  useEffect(() => {
    document.title = title ? `${title} · ${strings.common.product}` : strings.common.product
  }, [title])
}

import { Component, type ReactNode } from 'react'
import { strings } from '../strings'
import { Button } from './button'
import { Blank } from './states'

/** Stands in for a page that failed, so that nobody sees a white screen. */
export class Broken extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false }

  static getDerivedStateFromError() {
    return { broken: true }
  }

  override render() {
    if (!this.state.broken) return this.props.children
    const say = strings.common.broken
    return (
      <main id="content" className="grid min-h-dvh place-items-center">
        <Blank title={say.title} action={<Button onClick={() => window.location.reload()}>{say.reload}</Button>}>
          {say.text}
        </Blank>
      </main>
    )
  }
}

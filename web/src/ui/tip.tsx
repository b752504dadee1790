import { Content, Portal, Provider, Root, Trigger } from '@radix-ui/react-tooltip'
import type { ReactElement, ReactNode } from 'react'
import { useSurface } from './surface'

export function Tip({ text, children }: { text: string; children: ReactElement }) {
  const surface = useSurface()
  return (
    <Root>
      <Trigger asChild>{children}</Trigger>
      <Portal container={surface}>
        <Content
          sideOffset={6}
          collisionPadding={8}
          className="z-50 rounded-md bg-ink px-2 py-1 text-xs text-paper shadow-float"
        >
          {text}
        </Content>
      </Portal>
    </Root>
  )
}

export const Tips = ({ children }: { children: ReactNode }) => (
  <Provider delayDuration={500} skipDelayDuration={200}>
    {children}
  </Provider>
)

import {
  CheckboxItem,
  Content,
  Item,
  ItemIndicator,
  Label,
  Portal,
  Root,
  Separator,
  Trigger,
} from '@radix-ui/react-dropdown-menu'
import { clsx } from 'clsx'
import { Check } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { useSurface } from './surface'

const row = clsx(
  'flex min-h-9 cursor-default items-center gap-2.5 rounded-md px-2.5 text-sm outline-none select-none',
  'data-[highlighted]:bg-hover data-[disabled]:opacity-50 [&_svg]:size-4 [&_svg]:text-muted',
)

interface MenuProps {
  trigger: ReactElement
  children: ReactNode
  align?: 'start' | 'end'
  /** When it has closed; `preventDefault` keeps the focus from going back to the trigger. */
  onClosed?: (event: Event) => void
}

/** Not modal: what a modal menu does to the page's scrolling needs styles that the page's policy forbids. */
export function Menu({ trigger, children, align = 'end', onClosed }: MenuProps) {
  const surface = useSurface()
  return (
    <Root modal={false}>
      <Trigger asChild>{trigger}</Trigger>
      <Portal container={surface}>
        <Content
          align={align}
          onCloseAutoFocus={onClosed}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 max-h-[80vh] min-w-48 animate-appear overflow-y-auto rounded-card border border-line bg-raised p-1.5 shadow-float"
        >
          {children}
        </Content>
      </Portal>
    </Root>
  )
}

interface MenuItemProps {
  icon?: ReactNode
  children: ReactNode
  onSelect: () => void
  danger?: boolean
  disabled?: boolean
}

export function MenuItem({ icon, children, onSelect, danger, disabled }: MenuItemProps) {
  return (
    <Item className={clsx(row, danger && 'text-danger [&_svg]:text-danger')} onSelect={onSelect} disabled={disabled}>
      {icon}
      {children}
    </Item>
  )
}

interface MenuCheckProps {
  checked: boolean
  onChange: (checked: boolean) => void
  children: ReactNode
}

export function MenuCheck({ checked, onChange, children }: MenuCheckProps) {
  return (
    <CheckboxItem className={clsx(row, 'pl-8 relative')} checked={checked} onCheckedChange={onChange}>
      <ItemIndicator className="absolute left-2.5">
        <Check aria-hidden />
      </ItemIndicator>
      {children}
    </CheckboxItem>
  )
}

export const MenuLabel = ({ children }: { children: ReactNode }) => (
  <Label className="truncate px-2.5 py-1.5 text-xs text-muted">{children}</Label>
)

export const MenuLine = () => <Separator className="my-1.5 h-px bg-line" />

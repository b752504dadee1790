import { LogOut, Monitor, Moon, Sun, UserRound } from 'lucide-react'
import type { ReactElement } from 'react'
import { useLocation } from 'wouter'
import { useSession } from '../session/session'
import { useSignOut } from '../session/sign-out'
import { strings } from '../strings'
import { setTheme, type Theme, useTheme } from '../theme/theme'
import { Menu, MenuItem, MenuLabel, MenuLine } from './menu'

const themes: [Theme, typeof Sun][] = [
  ['system', Monitor],
  ['light', Sun],
  ['dark', Moon],
]

/** What a person does with themself: account, theme, sign out. */
export function AccountMenu({ trigger }: { trigger: ReactElement }) {
  const { data } = useSession()
  const [, navigate] = useLocation()
  const signOut = useSignOut()
  const theme = useTheme()
  const say = strings.common
  return (
    <Menu trigger={trigger} align="start">
      {data && <MenuLabel>{say.menu.signedInAs(data.user.email)}</MenuLabel>}
      <MenuItem icon={<UserRound />} onSelect={() => navigate('/account')}>
        {say.menu.account}
      </MenuItem>
      <MenuLine />
      <MenuLabel>{say.theme.label}</MenuLabel>
      {themes.map(([name, Icon]) => (
        <MenuItem key={name} icon={<Icon />} onSelect={() => setTheme(name)}>
          <span className={theme === name ? 'font-semibold' : undefined}>{say.theme[name]}</span>
          {theme === name && <span className="sr-only">✓</span>}
        </MenuItem>
      ))}
      <MenuLine />
      <MenuItem icon={<LogOut />} onSelect={signOut}>
        {say.menu.signOut}
      </MenuItem>
    </Menu>
  )
}

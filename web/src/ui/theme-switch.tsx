import { Monitor, Moon, Sun } from 'lucide-react'
import { strings } from '../strings'
import { setTheme, type Theme, useTheme } from '../theme/theme'

const themes: [Theme, typeof Sun][] = [
  ['system', Monitor],
  ['light', Sun],
  ['dark', Moon],
]

export function ThemeSwitch() {
  const theme = useTheme()
  const say = strings.common.theme
  return (
    <fieldset className="inline-flex flex-wrap gap-1 rounded-control bg-sunken p-1">
      <legend className="sr-only">{say.label}</legend>
      {themes.map(([name, Icon]) => (
        <label
          key={name}
          className="inline-flex min-h-9 cursor-pointer items-center gap-2 rounded-lg px-3 text-sm text-muted has-checked:bg-raised has-checked:text-ink has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name="theme"
            value={name}
            checked={theme === name}
            onChange={() => setTheme(name)}
            className="sr-only"
          />
          <Icon className="size-4 max-sm:hidden" aria-hidden />
          {say[name]}
        </label>
      ))}
    </fieldset>
  )
}

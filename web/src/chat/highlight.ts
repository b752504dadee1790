// Loaded when the first block of code is shown.
import { toJsxRuntime } from 'hast-util-to-jsx-runtime'
import bash from 'highlight.js/lib/languages/bash'
import css from 'highlight.js/lib/languages/css'
import diff from 'highlight.js/lib/languages/diff'
import go from 'highlight.js/lib/languages/go'
import ini from 'highlight.js/lib/languages/ini'
import java from 'highlight.js/lib/languages/java'
import json from 'highlight.js/lib/languages/json'
import python from 'highlight.js/lib/languages/python'
import rust from 'highlight.js/lib/languages/rust'
import sql from 'highlight.js/lib/languages/sql'
import typescript from 'highlight.js/lib/languages/typescript'
import xml from 'highlight.js/lib/languages/xml'
import yaml from 'highlight.js/lib/languages/yaml'
import { createLowlight } from 'lowlight'
import type { JSX } from 'react'
import { Fragment, jsx, jsxs } from 'react/jsx-runtime'

const lowlight = createLowlight({ bash, css, diff, go, ini, java, json, python, rust, sql, typescript, xml, yaml })
lowlight.registerAlias({
  typescript: ['javascript', 'js', 'jsx', 'mjs', 'ts', 'tsx'],
  bash: ['console', 'shell', 'sh', 'zsh'],
  ini: ['toml', 'env'],
  xml: ['html', 'svg'],
})

export function highlight(text: string, language: string): JSX.Element | undefined {
  if (!lowlight.registered(language.toLowerCase())) return
  return toJsxRuntime(lowlight.highlight(language.toLowerCase(), text), { Fragment, jsx, jsxs })
}

// Every text that the app shows. A translation is another object of the same type.
import { chat } from './chat'
import { common } from './common'
import { people } from './people'

export const strings = { common, chat, people }
export type Strings = typeof strings

/** What numbers and dates are written in. */
export const locale = navigator.language

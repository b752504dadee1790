import { strings } from '../strings'

/** What a new chat begins with. */
export function Greeting({ ask }: { ask: (text: string) => void }) {
  const say = strings.chat
  return (
    <div className="w-full max-w-[42rem] px-6 py-10">
      <h1 className="font-serif text-3xl text-balance sm:text-4xl">{say.greeting}</h1>
      <p className="mt-3 max-w-md text-pretty text-muted">{say.greetingText}</p>
      <ul
        className="mt-8 grid gap-px overflow-hidden rounded-card border border-line bg-line"
        aria-label={say.startersLabel}
      >
        {say.starters.map((starter) => (
          <li key={starter}>
            <button
              type="button"
              onClick={() => ask(starter)}
              className="min-h-12 w-full bg-paper px-4 py-3 text-left text-[0.9375rem] hover:bg-side focus-visible:-outline-offset-2"
            >
              {starter}
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

import { strings } from '../strings'

/** What the product is, shown instead of told. */
export function Specimen() {
  const say = strings.people.specimen
  return (
    <figure aria-label={say.label} className="w-full max-w-lg">
      <p className="ml-auto w-fit max-w-[85%] rounded-[1.25rem] bg-accent-soft px-4 py-2.5">{say.question}</p>
      <p className="mt-8 font-serif text-xl leading-relaxed text-pretty">
        {say.answer.map((sentence, index) => (
          <span key={sentence}>
            {sentence}
            <sup className="mx-1 inline-grid size-[1.15rem] place-items-center rounded-full bg-accent-soft align-[0.35em] font-sans text-[0.7rem] font-semibold text-accent">
              {index + 1}
            </sup>
          </span>
        ))}
      </p>
      <ol className="mt-7 grid gap-2 sm:grid-cols-2">
        {say.sources.map((source, index) => (
          <li
            key={source}
            className="flex items-baseline gap-3 rounded-control border border-line bg-raised px-4 py-3 text-sm"
          >
            <span className="font-semibold text-accent">{index + 1}</span>
            {source}
          </li>
        ))}
      </ol>
    </figure>
  )
}

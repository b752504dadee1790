import { Link } from 'wouter'
import { strings } from '../strings'
import { Brand } from '../ui/brand'
import { usePageTitle } from '../ui/page-title'
import { Widget } from '../widget/widget'

/** A plain page, to show the chat floating over it. */
export default function WidgetPage() {
  const say = strings.chat.widget.page
  usePageTitle(say.title)
  return (
    <>
      <header className="mx-auto flex max-w-3xl items-center justify-between px-6 py-5">
        <Link href="/" className="rounded-md">
          <Brand />
        </Link>
        <Link href="/chat" className="text-sm text-accent underline underline-offset-4">
          {say.back}
        </Link>
      </header>
      <main id="content" className="mx-auto max-w-3xl px-6 py-16">
        <h1 className="font-serif text-4xl text-balance sm:text-5xl">{say.title}</h1>
        <p className="mt-6 max-w-prose font-serif text-xl leading-relaxed text-pretty">{say.lead}</p>
        <p className="mt-4 max-w-prose leading-relaxed text-pretty text-muted">{say.text}</p>
      </main>
      <Widget />
    </>
  )
}

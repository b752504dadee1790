import { Link } from 'wouter'
import { strings } from '../strings'
import { buttonClass } from '../ui/button'
import { Blank } from '../ui/states'

export default function NotFoundPage() {
  const say = strings.common.notFound
  return (
    <main id="content" className="grid min-h-dvh place-items-center">
      <Blank
        title={say.title}
        action={
          <Link href="/" className={buttonClass('primary')}>
            {say.back}
          </Link>
        }
      >
        {say.text}
      </Blank>
    </main>
  )
}

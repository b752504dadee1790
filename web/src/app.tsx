import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { Route, Switch } from 'wouter'
import { FollowOtherTabs, SignedIn, SignedOutOnly } from './session/guard'
import { Problem } from './session/problem'
import { strings } from './strings'
import { Broken } from './ui/broken'
import { Loading } from './ui/states'
import { Tips } from './ui/tip'
import { Toasts } from './ui/toasts'

const Landing = lazy(() => import('./pages/landing'))
const Login = lazy(() => import('./pages/login'))
const Signup = lazy(() => import('./pages/signup'))
const ForgotPassword = lazy(() => import('./pages/forgot-password'))
const ResetPassword = lazy(() => import('./pages/reset-password'))
const VerifyEmail = lazy(() => import('./pages/verify-email'))
const Account = lazy(() => import('./pages/account'))
const Chat = lazy(() => import('./pages/chat'))
const Widget = lazy(() => import('./pages/widget'))
const NotFound = lazy(() => import('./pages/not-found'))

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What was refused is refused again; what did not arrive may arrive.
      retry: (times, error) => times < 2 && (!(error instanceof Problem) || error.status === 0 || error.status >= 500),
    },
  },
})

export function App() {
  return (
    <QueryClientProvider client={client}>
      <Tips>
        <FollowOtherTabs />
        <a
          href="#content"
          className="fixed top-2 left-2 z-50 -translate-y-20 rounded-control bg-ink px-4 py-2 text-paper focus:translate-y-0"
        >
          {strings.common.skipToContent}
        </a>
        <Broken>
          <Suspense fallback={<Loading />}>
            <Routes />
          </Suspense>
        </Broken>
        <Toasts />
      </Tips>
    </QueryClientProvider>
  )
}

function Routes() {
  return (
    <Switch>
      <Route path="/" component={Landing} />
      <Route path="/login">
        <SignedOutOnly>
          <Login />
        </SignedOutOnly>
      </Route>
      <Route path="/signup">
        <SignedOutOnly>
          <Signup />
        </SignedOutOnly>
      </Route>
      <Route path="/forgot-password" component={ForgotPassword} />
      <Route path="/reset-password" component={ResetPassword} />
      <Route path="/verify-email" component={VerifyEmail} />
      <Route path="/account">
        <SignedIn>
          <Account />
        </SignedIn>
      </Route>
      <Route path="/chat/:id?">
        {({ id }) => (
          <SignedIn>
            <Chat id={id} />
          </SignedIn>
        )}
      </Route>
      <Route path="/widget" component={Widget} />
      <Route component={NotFound} />
    </Switch>
  )
}

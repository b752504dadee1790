export default function VerifyEmailPage() {
  return <main id="content" />
}

export default function ForgotPasswordPage() {
  return <main id="content" />
}

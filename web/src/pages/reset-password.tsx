export default function ResetPasswordPage() {
  return <main id="content" />
}

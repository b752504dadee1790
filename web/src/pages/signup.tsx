export default function SignupPage() {
  return <main id="content" />
}

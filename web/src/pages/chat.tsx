export default function ChatPage({ id }: { id: string | undefined }) {
  return <main id="content">{id}</main>
}

export default function WidgetPage() {
  return <main id="content" />
}

export default function SearchDialog({ onClose }: { onClose: () => void }) {
  return <div>{String(onClose)}</div>
}

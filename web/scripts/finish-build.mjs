// After `vite build`: writes .br and .gz beside what compresses, prints what each route loads, and fails over budget.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const dist = new URL('../dist', import.meta.url).pathname
const compressible = /\.(html|js|css|svg|json|txt)$/
const sizes = new Map()

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !compressible.test(entry.name)) continue
  const path = join(entry.parentPath, entry.name)
  const bytes = readFileSync(path)
  const gzip = gzipSync(bytes, { level: 9 })
  sizes.set(path.slice(dist.length + 1), gzip.length)
  if (bytes.length < 512) continue
  writeFileSync(`${path}.gz`, gzip)
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }))
}

const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))
const budget = JSON.parse(readFileSync(new URL('../budget.json', import.meta.url), 'utf8'))

// What a route needs before it can be used: the entry, its page, and all that these import statically.
function needed(key, seen = new Set()) {
  if (seen.has(key)) return seen
  const chunk = manifest[key]
  if (!chunk) throw new Error(`budget.json names ${key}, which the build does not have`)
  seen.add(key)
  for (const imported of chunk.imports ?? []) needed(imported, seen)
  return seen
}

let over = 0
for (const [route, { page, limit }] of Object.entries(budget.routes)) {
  const files = new Set([...needed('index.html'), ...needed(page)].map((key) => manifest[key].file))
  const scripts = [...files].filter((file) => file.endsWith('.js'))
  const bytes = scripts.reduce((sum, file) => sum + sizes.get(file), sizes.get('theme.js'))
  const kilobytes = bytes / 1000
  if (kilobytes > limit) over++
  console.log(`${route}: ${kilobytes.toFixed(1)} KB of ${limit} KB${kilobytes > limit ? ' OVER BUDGET' : ''}`)
}
if (over) process.exit(1)

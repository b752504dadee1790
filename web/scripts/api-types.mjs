// Writes src/api/schema.ts from the gateway's description of itself; with --check, fails when the committed one is stale.
import { readFileSync, writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'

const description = new URL('../../gateway/openapi.json', import.meta.url)
const target = new URL('../src/api/schema.ts', import.meta.url)
const fresh = `// Made from gateway/openapi.json by \`npm run api-types\`.\n\n${astToString(await openapiTS(description))}`

if (!process.argv.includes('--check')) {
  writeFileSync(target, fresh)
} else if (readFileSync(target, 'utf8') !== fresh) {
  console.error('src/api/schema.ts is stale: run `npm run api-types` in web/')
  process.exit(1)
}

import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// The first start builds identity and the app.
export default defineConfig({
  cacheDir: join(import.meta.dirname, '../node_modules/.vite'),
  test: {
    root: import.meta.dirname,
    include: ['*.walk.ts'],
    testTimeout: 120_000,
    hookTimeout: 400_000,
    bail: 1,
  },
})

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['tests/postgres.ts'],
    include: ['tests/**/*.test.ts'],
    // Real servers start for them, also on small machines.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})

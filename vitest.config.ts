import { defineConfig } from 'vitest/config';

/** unit runs in parallel and shares modules, since nothing in it leaves a trace; what needs a real engine runs a file at a time. */
const onEngine = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 180_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          isolate: false,
          setupFiles: ['test/support/cases.ts'],
          include: ['test/unit/**/*.test.ts'],
        },
      },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...onEngine } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...onEngine } },
    ],
  },
});

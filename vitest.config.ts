import { defineConfig } from 'vitest/config';

/** A test that starts an engine of its own: that takes the port rules of all others from the kernel for a moment. */
const ALONE = 'alone.test.ts';
const limits = { testTimeout: 120_000, hookTimeout: 180_000 };

/**
 * Two suites on a real engine. Most of them wait for it: two files at a time, each with clusters of its own, are no trouble
 * to each other. Those that want to be alone come after them, one at a time.
 */
const onEngine = (name: string) => [
  {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      exclude: [`**/*.${ALONE}`],
      maxWorkers: 2,
      sequence: { groupOrder: 1 },
      ...limits,
    },
  },
  {
    test: {
      name: `${name}-alone`,
      include: [`test/${name}/**/*.${ALONE}`],
      maxWorkers: 1,
      sequence: { groupOrder: 2 },
      ...limits,
    },
  },
];

export default defineConfig({
  test: {
    projects: [
      {
        // It shares modules, since nothing in it leaves a trace.
        test: {
          name: 'unit',
          isolate: false,
          setupFiles: ['test/support/cases.ts'],
          include: ['test/unit/**/*.test.ts'],
        },
      },
      ...onEngine('contract'),
      ...onEngine('e2e'),
    ],
  },
});

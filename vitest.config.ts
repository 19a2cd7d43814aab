import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** A test that starts an engine of its own: that takes the port rules of all others from the kernel for a moment. */
const ALONE = 'alone.test.ts';
const limits = { testTimeout: 120_000, hookTimeout: 180_000 };
/** Most of what a walk of many hours does is to wait. */
const AT_ONCE = process.env['CASES'] === undefined ? 2 : 3;

/**
 * Two suites on a real engine. Most of them wait for it: a few files at a time, each with clusters of its own, are no trouble
 * to each other. Those that want to be alone come after them, one at a time.
 */
const onEngine = (name: string) => [
  {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      exclude: [`**/*.${ALONE}`],
      maxWorkers: AT_ONCE,
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

/** Those that take longest, the longest first: begun last, each would keep the others waiting. */
const WALKS = ['files', 'removal', 'scale', 'rolling', 'green-blue'].map((walk) => `crash/${walk}`);
const LONG = [...WALKS, 'examples/shop', 'examples/compose'].map((name) => `/e2e/${name}.test.ts`);

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const first = LONG.flatMap((name) => sorted.filter(({ moduleId }) => moduleId.endsWith(name)));
    return [...first, ...sorted.filter((file) => !first.includes(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
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

import fc from 'fast-check';
import { anyContainer } from './container-arbitrary.ts';
import { anyHead, pullPolicy, resources } from './service-arbitrary.ts';
import { fields, merged, oneOf, optional, plain, spelt, unordered, type Spelt } from './spelling.ts';
import * as value from './value-arbitrary.ts';

/** Jobs with everything that their schema knows, each as two people may have written it. */

/** None of them is due within hours of the beginning of a test. */
const schedule = spelt(
  fc.constantFrom('30 12 * * *', '0 9 1 * MON', '@monthly'),
  (cron) => cron,
  (cron) => cron.replaceAll(' ', '  '),
);

const when: fc.Arbitrary<Spelt> = fc.oneof(
  fields({ schedule, timeZone: optional(oneOf('Europe/Berlin'), 'UTC') }),
  fields({ timeZone: optional(oneOf('Asia/Kolkata'), 'UTC') }),
);

const how: fc.Arbitrary<Spelt> = fields({
  pullPolicy,
  requirements: optional(unordered(oneOf('ssd', 'gpu', 'moon')), []),
  dependsOn: optional(value.oneOrMore(fc.constantFrom('base')), []),
  concurrency: optional(oneOf('replace', 'allow'), 'forbid'),
  timeout: optional(value.duration(1, 3_600_000)),
  retries: optional(plain(fc.integer({ min: 1, max: 3 })), 0),
  history: optional(plain(fc.integer({ min: 1, max: 5 })), 3),
});

export function anyJob(name: string): fc.Arbitrary<Spelt> {
  return merged(anyHead('Job', name), anyContainer(name), resources, when, how);
}

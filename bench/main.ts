import { apply } from './apply.ts';
import { idling } from './idling.ts';
import { latency } from './latency.ts';
import { logging } from './logging.ts';
import { passing } from './passing.ts';
import { planning } from './planning.ts';
import { routing } from './routing.ts';
import { swapping } from './swapping.ts';
import { validating } from './validating.ts';

/** `npm run bench [-- SUBJECT...]`: what the main job costs on this machine. Compare figures of one run only. */

const SUBJECTS = { planning, validating, latency, routing, passing, swapping, logging, idling, apply };

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in SUBJECTS));
if (unknown.length > 0)
  throw new Error(`There is no ${unknown.join(', ')}; there are ${Object.keys(SUBJECTS).join(', ')}.`);
for (const [name, measure] of Object.entries(SUBJECTS)) if (asked.length === 0 || asked.includes(name)) await measure();

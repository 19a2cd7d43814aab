import type { PulledImage } from '../ports.ts';
import type { Problem } from '../reason.ts';
import type { Decision } from './decide.ts';
import {
  withHealed,
  withImages,
  withOutcomes,
  withoutImages,
  withoutStarts,
  withStops,
  type Memory,
} from './memory.ts';
import { objectOf, type Step } from './steps.ts';

/** What was fetched, and the ids of images that are gone. */
export interface Yield {
  readonly image?: PulledImage;
  readonly removed?: readonly string[];
}

/** How a step ended; pulls, stops and restarts, and what hangs, end in a later pass than they were begun. */
export type Result =
  | ({ readonly step: Step; readonly status: 'done' } & Yield)
  | { readonly step: Step; readonly status: 'failed'; readonly problem: Problem };

/** The memory with what these steps have shown. */
export function withLessons(memory: Memory, results: readonly Result[], now: number): Memory {
  const done = results.filter((each) => each.status === 'done');
  const failed = results.filter((each) => each.status === 'failed');
  const ended = [
    ...done.map(({ step }) => ({ object: objectOf(step) })),
    ...failed.map(({ step, problem }) => ({ object: objectOf(step), problem })),
  ];
  const pulled = done.flatMap(({ step, image }) =>
    image === undefined ? [] : [[objectOf(step), whatItIs(image)] as const],
  );
  const steps = done.map(({ step }) => step);
  const [restarted, stopped] = [idsOf(steps, 'restart'), idsOf(steps, 'stop')];
  const known = withoutStarts(withHealed(withOutcomes(memory, ended, now), restarted, now), stopped);
  return withImages(withoutImages(known, new Set(failed.flatMap(lostImage))), pulled);
}

/** Whether it was there before is no matter later. */
function whatItIs({ isNew: _, wasThere: _there, ...image }: PulledImage): PulledImage {
  return image;
}

/** The image, as the memory knows it, that was taken away between its pull and this step. */
function lostImage({ step, problem }: Extract<Result, { status: 'failed' }>): string[] {
  if ((step.do !== 'ensure' && step.do !== 'prepare') || problem.reason !== 'image-not-found') return [];
  return [`${step.slot.service}@${step.slot.release}`];
}

/** The memory before these steps: what is stopped as failed stays condemned, even if its check should pass meanwhile. */
export function withVerdicts(memory: Memory, steps: readonly Step[], decisions: readonly Decision[]): Memory {
  const verdicts = decisions.flatMap((each) => each.progress?.verdict.failed ?? []);
  const failed = new Map(verdicts.map((each) => [each.instance.id, each]));
  const condemned = steps.flatMap((step) => {
    const verdict = step.do === 'stop' && step.mark ? failed.get(step.instance.id) : undefined;
    if (verdict === undefined) return [];
    const { instance, reason, description } = verdict;
    return [[instance.id, { reason, description }] as const];
  });
  if (condemned.length === 0) return memory;
  return { ...memory, condemned: { ...memory.condemned, ...Object.fromEntries(condemned) } };
}

/** The memory before these steps, with what they begin to stop. */
export function withEndings(memory: Memory, steps: readonly Step[], now: number): Memory {
  return withStops(memory, idsOf(steps, 'stop'), now);
}

function idsOf(steps: readonly Step[], kind: 'restart' | 'stop'): string[] {
  return steps.flatMap((step) => (step.do === kind ? step.instance.id : []));
}

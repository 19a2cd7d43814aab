import type { Instance, RecordedGap } from '../observed.ts';
import type { Decision } from './decide.ts';
import type { Progress } from './progress.ts';
import { isFallback, isReady, type ServiceView } from './view.ts';

/** Gaps that are remembered, of all services together. */
const MOST = 2_000;

/** Gaps that are over, and whose old release has not been removed yet. */
export function gapsOf(decisions: readonly Decision[]): RecordedGap[] {
  return decisions.flatMap(({ progress }) => (progress === undefined ? [] : gapOf(progress)));
}

/** The record with gaps that came since, the last one of each service; each begins with another start. */
export function withGaps(recorded: readonly RecordedGap[], gaps: readonly RecordedGap[]): readonly RecordedGap[] {
  const byService = new Map(recorded.map((each) => [each.service, each]));
  const news = gaps.filter(({ service, startedAt }) => startedAt > (byService.get(service)?.startedAt ?? -1));
  if (news.length === 0) return recorded;
  for (const each of news) byService.set(each.service, each);
  return [...byService.values()].sort((a, b) => a.startedAt - b.startedAt).slice(-MOST);
}

function gapOf({ view, target, isExclusive, current, old, kept }: Progress): RecordedGap[] {
  if (!isExclusive || target.rollback || old.length > 0) return [];
  const [replaced] = kept.filter((each) => isFallback(view, each)).sort((a, b) => endOf(b) - endOf(a));
  const [first] = current.filter((each) => isReady(view, each)).sort((a, b) => readyAt(view, a) - readyAt(view, b));
  if (replaced === undefined || first === undefined) return [];
  const startedAt = Math.min(...current.map(startOf));
  return [{ service: view.name, startedAt, lasted: Math.max(0, durationOf(view, replaced, first)) }];
}

/**
 * By our clock where this process has stopped the old one itself; else from its end, which leaves out how long it took to
 * stop, to the start of the new one by the engine's clock, and on by ours as long as it was seen not to be ready.
 */
function durationOf(view: ServiceView, replaced: Instance, first: Instance): number {
  const { stops, starts } = view.memory;
  const stoppedAt = stops[replaced.id];
  if (stoppedAt !== undefined) return readyAt(view, first) - stoppedAt;
  const seenAt = starts[first.id]?.seen.at(-1) ?? view.now;
  return startOf(first) - endOf(replaced) + readyAt(view, first) - seenAt;
}

function readyAt({ memory, now }: ServiceView, { id }: Instance): number {
  return memory.readySince[id]?.at ?? now;
}

function startOf({ startedAt = 0 }: Instance): number {
  return startedAt;
}

function endOf({ finishedAt = 0 }: Instance): number {
  return finishedAt;
}

import type { Instance, RecordedGap } from '../observed.ts';
import type { Decision } from './decide.ts';
import type { Progress } from './progress.ts';
import { isFallback, isReady } from './view.ts';

/** Gaps that are remembered, of all services together. */
const MOST = 2_000;

/** Gaps that are over, and whose old release has not been removed yet. */
export function gapsOf(decisions: readonly Decision[]): RecordedGap[] {
  return decisions.flatMap(({ progress }) => (progress === undefined ? [] : gapOf(progress)));
}

/** The record with gaps that came since, the last one of each service. */
export function withGaps(recorded: readonly RecordedGap[], gaps: readonly RecordedGap[]): readonly RecordedGap[] {
  const known = new Set(recorded.map(({ replaced }) => replaced));
  const news = gaps.filter(({ replaced }) => !known.has(replaced));
  if (news.length === 0) return recorded;
  const others = recorded.filter(({ service }) => !news.some((each) => each.service === service));
  return [...others, ...news].slice(-MOST);
}

/** Where another process has stopped the old one, or somebody else, nobody knows since when it was missed. */
function gapOf({ view, target, isExclusive, current, old, kept }: Progress): RecordedGap[] {
  if (!isExclusive || target.rollback || old.length > 0) return [];
  const { stops, readySince } = view.memory;
  const readyAt = ({ id }: Instance) => readySince[id]?.at ?? view.now;
  const ready = current.filter((each) => isReady(view, each)).map(readyAt);
  const stopped = kept.filter((each) => isFallback(view, each) && stops[each.id] !== undefined);
  const [replaced] = stopped.sort((a, b) => (stops[b.id] ?? 0) - (stops[a.id] ?? 0));
  if (replaced === undefined || ready.length === 0) return [];
  const lasted = Math.min(...ready) - (stops[replaced.id] ?? view.now);
  return [{ service: view.name, replaced: replaced.id, lasted: Math.max(0, lasted) }];
}

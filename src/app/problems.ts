import { layerOf, ReasonError, type Problem, type Reason } from '../core/reason.ts';

/** What an error means; one that is no ReasonError is a bug and keeps its own words. */
export function problemOf(error: unknown, otherwise: Reason): Problem {
  const reason = error instanceof ReasonError ? error.reason : otherwise;
  return { layer: layerOf(reason), reason, message: error instanceof Error ? error.message : String(error) };
}

/** The first of them, with its place, and how many more there are. */
export function describeProblems(problems: readonly Problem[]): string {
  const [first] = problems;
  if (first === undefined) return '';
  const place = first.file === undefined ? '' : `${first.file}:${first.line ?? 1}:${first.column ?? 1}: `;
  return `${place}${first.message}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''}`;
}

import type { FieldChange } from './fields.ts';
import type { Action, Change, Plan } from './plan.ts';
import { planHash } from './plan.ts';
import { quarantineProblems } from './quarantined.ts';
import { renderProblem, type Palette } from '../finding.ts';
import type { Unscheduled } from '../placement.ts';
import { printable } from '../printable.ts';
import type { Problem, Reason, Warning } from '../reason.ts';

const MARKS: Record<Action, string> = {
  create: '+',
  update: '~',
  scale: '~',
  route: '~',
  replace: '±',
  swap: '±',
  remove: '-',
  none: '=',
};

/** Reasons of which what is free says more. */
const ROOM = new Set<Reason>(['not-enough-memory', 'not-enough-cpu']);

/** A plan as text for people; its last line is the verdict. */
export function renderPlan(plan: Plan, palette: Palette): string {
  const parts = [
    ...plan.changes.map((each) => renderChange(each, palette)),
    ...plan.unscheduled.map((each) => renderUnscheduled(each, palette)),
    ...[...plan.problems, ...quarantineProblems(plan.decisions)].map((each) => renderProblem(each, palette)),
    palette.bold(verdict(plan)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function renderChange(change: Change, palette: Palette): string {
  const { kind, name, action, strategy, because, drift, fields, from, to, steps, warnings } = change;
  const mark = paint(action, palette)(MARKS[action]);
  const releases = [from, to].filter((each) => each !== undefined).join(' → ');
  const how = strategy === undefined ? '' : ` (${strategy})`;
  const head = `${mark} ${palette.bold(`${kind} ${name}`)}  ${action}${how}${releases === '' ? '' : `  ${palette.dim(releases)}`}`;
  const lines = [
    `because ${drift ? 'it drifted: ' : ''}${printable(because)}`,
    ...fields.flatMap((each) => renderField(each, palette)),
    ...steps.map((step, index) => palette.dim(`${index + 1}. ${step}`)),
    ...warnings.map((each) => palette.warn(`warning (${each.code}): ${each.message}`)),
  ];
  return [head, ...lines.map((line) => `    ${line}`)].join('\n');
}

function renderField({ path, from, to, forcesReplacement, diff }: FieldChange, palette: Palette): string[] {
  const forced = forcesReplacement ? palette.dim('  forces a new release') : '';
  const lines = diff?.split('\n').map((line) => `    ${diffPaint(line, palette)(line)}`) ?? [];
  const [before, after] = [from, to].map((each) => (each === undefined ? '(none)' : printable(each)));
  return [`  ${printable(path)}: ${before} → ${after}${forced}`, ...lines];
}

function diffPaint(line: string, { good, bad, dim }: Palette): (text: string) => string {
  if (line.startsWith('+')) return good;
  return line.startsWith('-') ? bad : dim;
}

function paint(action: Action, palette: Palette): (text: string) => string {
  if (action === 'create') return palette.good;
  return action === 'remove' ? palette.bad : palette.warn;
}

function renderUnscheduled(unscheduled: Unscheduled, palette: Palette): string {
  const { service, instance, cpu, memory, requirements, problems } = unscheduled;
  const needs = [`${cpu} cores`, `${memory} MB`, ...requirements].join(', ');
  const reasons = problems.map(({ reason, host }) => {
    const free = ROOM.has(reason) ? `; free there: ${host.cpu} cores, ${host.memory} MB` : '';
    return `    ${host.name}: ${reason}${free}`;
  });
  return [palette.bad(`! Service ${service}  instance ${instance} is not scheduled (needs ${needs})`), ...reasons].join(
    '\n',
  );
}

function verdict({ changes, unchanged, unscheduled }: Plan): string {
  if (changes.length === 0 && unscheduled.length === 0) return `Nothing to do: ${unchanged} unchanged.`;
  const counts = Object.entries(summaryOf(changes)).filter(([, count]) => count > 0);
  const drifted = changes.filter((each) => each.drift).length;
  const parts = [
    ...counts.map(([action, count]) => `${count} to ${action}`),
    ...(drifted > 0 ? [`${drifted} of them drifted`] : []),
    ...(unscheduled.length > 0 ? [`${unscheduled.length} unscheduled`] : []),
    `${unchanged} unchanged`,
  ];
  return `Plan: ${parts.join(', ')}.`;
}

function summaryOf(changes: readonly Change[]): Record<Exclude<Action, 'none'>, number> {
  const count = (action: Action) => changes.filter((each) => each.action === action).length;
  return {
    create: count('create'),
    replace: count('replace'),
    swap: count('swap'),
    scale: count('scale'),
    update: count('update'),
    route: count('route'),
    remove: count('remove'),
  };
}

/** `plan --format json`, version 1; `schemas/plan.schema.json` is its description. */
export function planDocument(
  plan: Plan,
  context: {
    cluster: string;
    revision: string;
    base: string;
    observedAt?: Date;
    problems: readonly Problem[];
    warnings: readonly Warning[];
  },
): object {
  const { cluster, revision, base, observedAt, problems, warnings } = context;
  return {
    version: 1,
    cluster,
    revision,
    base,
    ...(observedAt && { observedAt: observedAt.toISOString() }),
    hash: planHash(plan.changes),
    summary: { ...summaryOf(plan.changes), unchanged: plan.unchanged },
    changes: plan.changes,
    unscheduled: plan.unscheduled,
    problems: [...problems, ...plan.problems, ...quarantineProblems(plan.decisions)],
    warnings,
  };
}

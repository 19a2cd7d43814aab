import { isUtf8 } from 'node:buffer';
import { createTwoFilesPatch, OMIT_HEADERS } from 'diff';
import type { FileEntry } from '../core/model.ts';
import type { FieldChange } from '../core/plan/fields.ts';
import type { Change, Plan } from '../core/plan/plan.ts';
import type { Runtime } from '../core/ports.ts';
import { printable, printableLine } from '../core/printable.ts';

const FILES = 'files.';
const MAX_LINES = 200;
/** Lines that differ, beyond which it takes too long to find out how. */
const MAX_EDITS = 2000;
/** Tab, line feed and carriage return. */
const ALLOWED = [0x09, 0x0a, 0x0d];

/** The plan with what changes in each mounted file, line by line. Errors: those of Runtime.files. */
export async function withFileDiffs(plan: Plan, runtime: Pick<Runtime, 'files'>): Promise<Plan> {
  const changes = await Promise.all(plan.changes.map((each) => withDiffs(each, plan, runtime)));
  return { ...plan, changes };
}

async function withDiffs(change: Change, plan: Plan, runtime: Pick<Runtime, 'files'>): Promise<Change> {
  const isFile = ({ path, from, to }: FieldChange) => path.startsWith(FILES) && from !== undefined && to !== undefined;
  if (!change.fields.some(isFile)) return change;
  const view = plan.decisions.find(({ view: { name } }) => name === change.name)?.view;
  const old = view?.instances.find(({ service, release }) => `${service}@${release}` === change.from);
  const contents = view?.desired?.service.contents ?? [];
  const fields = change.fields.map(async (field) => {
    const target = field.path.slice(FILES.length);
    const after = isFile(field) ? contents.find(({ digest }) => digest === field.to)?.entries : undefined;
    const before = after === undefined || old === undefined ? undefined : await runtime.files(old, target);
    return after === undefined || before === undefined ? field : { ...field, diff: diffOf(target, before, after) };
  });
  return { ...change, fields: await Promise.all(fields) };
}

/** As `diff -u` shows it; of files that are not text only that they differ. */
function diffOf(target: string, before: readonly FileEntry[], after: readonly FileEntry[]): string {
  const old = new Map(before.map((entry) => [entry.path, entry]));
  const now = new Map(after.map((entry) => [entry.path, entry]));
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
  const lines = paths.flatMap((path) => {
    const name = printable(path === '' ? target : `${target}/${path}`);
    return [...rightsLines(name, old.get(path), now.get(path)), ...contentLines(name, old.get(path), now.get(path))];
  });
  const rest = lines.length - MAX_LINES;
  return [...lines.slice(0, MAX_LINES), ...(rest > 0 ? [`… and ${rest} more lines`] : [])].join('\n');
}

function rightsLines(name: string, before: FileEntry | undefined, after: FileEntry | undefined): string[] {
  const [from, to] = [before, after].map((each) => each && `${each.mode.toString(8)} ${each.uid}:${each.gid}`);
  return from === undefined || to === undefined || from === to ? [] : [`${name}: ${from} → ${to}`];
}

function contentLines(name: string, before: FileEntry | undefined, after: FileEntry | undefined): string[] {
  if (before?.content === after?.content) return [];
  const [from, to] = [before, after].map((each) => textOf(each?.content ?? ''));
  if (from === undefined || to === undefined) return [`${name}: its bytes differ`];
  const limits = { headerOptions: OMIT_HEADERS, maxEditLength: MAX_EDITS };
  const patch = createTwoFilesPatch(name, name, from, to, undefined, undefined, limits);
  if (patch === undefined) return [`${name}: its lines differ`];
  const lines = patch.replace(/\n$/, '').split('\n');
  return [`--- ${name}`, `+++ ${name}`, ...lines.map(printableLine)];
}

/** Undefined where it is none. */
function textOf(base64: string): string | undefined {
  const bytes = Buffer.from(base64, 'base64');
  const isControl = (byte: number) => (byte < 0x20 && !ALLOWED.includes(byte)) || byte === 0x7f;
  return isUtf8(bytes) && !bytes.some(isControl) ? bytes.toString('utf8') : undefined;
}

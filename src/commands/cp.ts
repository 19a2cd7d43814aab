import { realpath } from 'node:fs/promises';
import { dirname, join, posix, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { followed, foundHere, isContents, saysFolder, sourceHere } from '../archive/here.ts';
import { foldersThere, packed } from '../archive/pack.ts';
import { unpack } from '../archive/unpack.ts';
import { whole } from '../archive/whole.ts';
import { copyOf, landingOf, type Copy, type Landing } from '../core/copy.ts';
import { bySlot, type Instance } from '../core/observed.ts';
import type { Hands, Runtime } from '../core/ports.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { printable } from '../core/printable.ts';
import type { Terminal } from './terminal.ts';
import { unknownName } from './unknown-name.ts';

export interface CpOptions {
  readonly source: string;
  readonly target: string;
  /** Counts from 1; undefined: the first one that runs, or else the first. */
  readonly instance: number | undefined;
  readonly runtime: Runtime;
  readonly hands: Hands;
  /** Where `-` is from, and to. */
  readonly input: Readable;
  readonly output: Writable & { readonly isTTY?: boolean };
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  /** Told before it begins, and where it has failed on its way. */
  readonly record: (name: string, message: string) => Promise<void>;
}

/** Copies a file or a folder into an instance of a service, or out of it. */
export async function cp(options: CpOptions): Promise<ExitCode> {
  const { source, target, runtime, signal, terminal } = options;
  const copy = copyOf(source, target);
  if (copy.type === 'refused') throw new Error(copy.message);
  const { service, slot } = copy.type === 'in' ? copy.to : copy.from;
  const { instances } = await runtime.observe({ signal });
  const own = instances.filter((each) => each.service === service);
  if (own.length === 0) {
    const known = instances.map((each) => each.service);
    terminal.err(unknownName(service, known));
    return EXIT.error;
  }
  const chosen = chosenOf(own, service, slotOf(slot, options));
  try {
    const copied = copy.type === 'in' ? copyIn(copy, chosen, options) : copyOut(copy, chosen, options);
    terminal.err(`${await copied}\n`);
    return EXIT.done;
  } catch (error) {
    // What breaks when it is ended says nothing.
    signal.throwIfAborted();
    throw error;
  }
}

function slotOf(slot: number | undefined, { instance }: CpOptions): number | undefined {
  if (slot === undefined || instance === undefined || slot === instance) return slot ?? instance;
  throw new Error(`Instance ${slot} and --instance ${instance} are two; name one of them.`);
}

/** The first that runs, or else the first. */
function chosenOf(own: readonly Instance[], service: string, slot: number | undefined): Instance {
  const isOff = ({ state }: Instance) => Number(state !== 'running');
  const sorted = own.toSorted((a, b) => isOff(a) - isOff(b) || bySlot(a, b));
  const chosen = sorted.find((each) => slot === undefined || each.slot === slot);
  if (chosen !== undefined) return chosen;
  const slots = [...new Set(own.map((each) => each.slot))].sort((a, b) => a - b).join(', ');
  throw new Error(`There is no instance ${slot ?? ''} of ${service}. Those that there are: ${slots}.`);
}

async function copyIn({ from, to }: Copy & { type: 'in' }, instance: Instance, options: CpOptions): Promise<string> {
  const { hands, input, signal } = options;
  const target = await targetIn(instance, to.path, options);
  const source = from.type === 'stream' ? undefined : await sourceHere(from.path);
  // An archive brings its own names.
  const landing = landingOf(
    source?.isFolder ?? false,
    from.type === 'stream' ? { ...target, saysFolder: true } : target,
  );
  const folder = landing === 'inside' ? target.path : posix.dirname(target.path);
  const name = landing === 'inside' ? (source?.name ?? '.') : posix.basename(target.path);
  const place = posix.join(folder, name);
  const what = printable(`${place} in ${instance.name}`);
  const isThere = async (below: string) =>
    (await hands.look(instance.id, posix.join(folder, below), signal))?.type === 'folder';
  // Before it begins: meanwhile the engine lets nobody look.
  const there = from.type === 'stream' ? undefined : await foldersThere(from.path, name, isThere);
  await recorded(`copy to ${what}`, instance, options, async () => {
    const archive = from.type === 'stream' ? input : packed(from.path, name, there);
    try {
      await hands.write(instance.id, folder, archive, signal);
    } finally {
      archive.destroy();
    }
  });
  return `copied to ${what}`;
}

/** What has begun may have changed something, or shown something, however it ends. */
async function recorded(
  what: string,
  { service }: Instance,
  { record }: CpOptions,
  copying: () => Promise<void>,
): Promise<void> {
  await record(service, `began to ${what}`);
  try {
    await copying();
  } catch (error) {
    // A disk that is full for the one is full for the other; that it has begun is kept already.
    await record(service, `failed to ${what}`).catch(() => undefined);
    throw error;
  }
}

async function targetIn(instance: Instance, given: string, { hands, signal }: CpOptions): Promise<Landing> {
  const named = posix.resolve('/', given);
  const first = await hands.look(instance.id, named, signal);
  const path = first?.type === 'link' ? first.to : named;
  const found = first?.type === 'link' ? await hands.look(instance.id, path, signal) : first;
  const type = found?.type === 'link' ? 'file' : found?.type;
  return { where: `in ${instance.name}`, path, saysFolder: saysFolder(given), found: type };
}

async function copyOut({ from, to }: Copy & { type: 'out' }, instance: Instance, options: CpOptions): Promise<string> {
  const { hands, output, signal } = options;
  const { path, name, asked } = sourceIn(from.path);
  const found = await hands.look(instance.id, asked, signal);
  if (found === undefined) throw new Error(`There is no ${path} in ${instance.name}.`);
  if (found.type === 'special')
    throw new Error(`${path} in ${instance.name} is neither a file nor a folder nor a link; it is not copied.`);
  if (to.type === 'stream' && output.isTTY === true)
    throw new Error('An archive is nothing for a terminal; say where it is to go with > or |.');
  const root = to.type === 'stream' ? undefined : await rootHere(to.path, name, found.type === 'folder');
  const what = printable(`${path} out of ${instance.name}`);
  await recorded(`copy ${what}`, instance, options, async () => {
    const archive = await hands.read(instance.id, asked, signal);
    await (root === undefined ? pipeline(archive, whole(path), output, { signal }) : unpack(archive, root, signal));
  });
  return printable(`copied ${path} in ${instance.name} to ${root ?? 'stdout'}`);
}

/** With `/.` at its end it is what is in the folder, with a slash what a link leads to. */
function sourceIn(given: string): { readonly path: string; readonly name: string; readonly asked: string } {
  const path = posix.resolve('/', given);
  if (isContents(given) || isContents(path)) return { path, name: '.', asked: posix.join(path, '/') + '.' };
  return { path, name: posix.basename(path), asked: given.endsWith('/') ? `${path}/` : path };
}

/** What the archive becomes on this machine. */
async function rootHere(given: string, name: string, isFolder: boolean): Promise<string> {
  const found = await foundHere(given);
  const landing = landingOf(isFolder, { where: 'here', path: given, saysFolder: saysFolder(given), found });
  if (landing === 'inside') return join(await realpath(given), name);
  const root = resolve(given);
  if ((await foundHere(dirname(root))) === 'folder') return await followed(root);
  throw new Error(`There is no folder ${dirname(root)} here; make it first.`);
}

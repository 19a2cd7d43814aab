import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { aptInstall, aptTransport, debianMirror } from './apt.mjs';
import { api, lastStatus, streamError } from './docker-api.mjs';
import { removeTree } from './engine-leftovers.mjs';
import { USUAL_IMAGES, keyOf, recipeOf } from './image-recipes.mjs';
import { withLock } from './lock.mjs';
import { read, seconds, which } from './run.mjs';
import { tar } from './tar.mjs';

/** @typedef {import('./run.mjs').Log} Log */
/** @typedef {import('./image-recipes.mjs').SystemRecipe} SystemRecipe */
/** @typedef {import('./image-recipes.mjs').DerivedRecipe} DerivedRecipe */

const LABEL = 'fairlead.lab.recipe';
const UNREAD = ['doc', 'info', 'lintian', 'locale', 'man'];

/**
 * Makes sure that an engine has these images of the lab, each as its recipe says now. Root file systems are built once
 * a machine and kept in the cache folder; with all present this costs one call.
 * @param {string} host
 * @param {readonly string[]} [names]
 * @param {{ log?: Log }} [options]
 * @returns {Promise<void>}
 */
export async function ensureImages(host, names = USUAL_IMAGES, { log = () => undefined } = {}) {
  const present = await keysIn(host);
  const missing = names.filter((name) => present.get(name) !== keyOf(recipeOf(name)));
  if (missing.length === 0) return;
  const since = performance.now();
  const bases = missing.flatMap((name) => baseOf(name)).filter((name) => present.get(name) !== keyOf(recipeOf(name)));
  const all = [...new Set([...bases, ...missing])];
  log(`making ${String(all.length)} lab images: ${all.join(', ')}`);
  await allOf(all.map((name) => importSystem(host, name, log)));
  await allOf(all.map((name) => buildDerived(host, name)));
  log(`lab images ready after ${seconds(since)}`);
}

/** @param {string} name */
function baseOf(name) {
  const recipe = recipeOf(name);
  return recipe.kind === 'derived' ? [recipe.from] : [];
}

/** The recipe of each lab image in that engine. @param {string} host @returns {Promise<Map<string, string>>} */
async function keysIn(host) {
  const filters = encodeURIComponent(JSON.stringify({ label: [LABEL] }));
  /** @type {{ RepoTags: string[] | null, Labels: Record<string, string> }[]} */
  const images = await api(host, `/images/json?filters=${filters}`);
  return new Map(images.flatMap(({ RepoTags, Labels }) => (RepoTags ?? []).map((tag) => [tag, Labels[LABEL] ?? ''])));
}

/** Waits for all before it fails, so that nothing goes on behind an error. @param {Promise<void>[]} works */
async function allOf(works) {
  const failed = (await Promise.allSettled(works)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** @param {string} host @param {string} name @param {Log} log */
async function importSystem(host, name, log) {
  const recipe = recipeOf(name);
  if (recipe.kind !== 'system') return;
  const archive = await archiveOf(name, recipe, log);
  const answer = await api(host, '/images/create?fromSrc=-', { method: 'POST', body: createReadStream(archive) });
  failOn(streamError(answer), name);
  await build(host, name, lastStatus(answer), {});
}

/** @param {string} host @param {string} name */
async function buildDerived(host, name) {
  const recipe = recipeOf(name);
  if (recipe.kind === 'derived') await build(host, name, recipe.from, recipe.files);
}

/** @param {string} host @param {string} name @param {string} from @param {Record<string, string>} files */
async function build(host, name, from, files) {
  const recipe = recipeOf(name);
  const dockerfile = [`FROM ${from}`, ...recipe.config, `LABEL ${LABEL}=${keyOf(recipe)}`].join('\n');
  const query = new URLSearchParams({ t: name, rm: '1' });
  const answer = await api(host, `/build?${String(query)}`, {
    method: 'POST',
    body: tar({ Dockerfile: dockerfile, ...files }),
  });
  failOn(streamError(answer), name);
}

/** @param {string | undefined} error @param {string} name */
function failOn(error, name) {
  if (error !== undefined) throw new Error(`The engine could not make the image ${name}: ${error}`);
}

/**
 * The cached root file system, built first where there is none; other processes wait for it rather than build it too.
 * @param {string} name @param {SystemRecipe} recipe @param {Log} log
 * @returns {Promise<string>}
 */
async function archiveOf(name, recipe, log) {
  const stem = name.replaceAll(/\W/g, '-');
  const archive = join(cacheFolder(), `${stem}-${keyOf(recipe)}.tar`);
  if (existsSync(archive)) return archive;
  await ensureMmdebstrap(log);
  await withLock(join(cacheFolder(), `${stem}.lock`), async () => {
    if (existsSync(archive)) return;
    const since = performance.now();
    removeOlder(stem);
    await bootstrap(recipe, archive);
    log(`  ${name} built from Debian ${recipe.suite} in ${seconds(since)}`);
  });
  return archive;
}

export function cacheFolder() {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'fairlead-lab');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Half-built archives and those of older recipes. @param {string} stem */
function removeOlder(stem) {
  const older = readdirSync(cacheFolder()).filter((file) => file.startsWith(`${stem}-`) && file.endsWith('.tar'));
  for (const file of older) rmSync(join(cacheFolder(), file), { force: true });
}

/** @type {Promise<void> | undefined} */
let installing;

/** @param {Log} log */
async function ensureMmdebstrap(log) {
  if (which('mmdebstrap') !== undefined) return;
  installing ??= aptInstall(['mmdebstrap', 'debian-archive-keyring'], { log, why: 'Building the lab images' });
  await installing;
}

/** @param {SystemRecipe} recipe @param {string} archive */
async function bootstrap({ suite, variant, packages, hooks }, archive) {
  const unfinished = archive.replace(/\.tar$/, '.unfinished.tar');
  const work = mkdtempSync('/var/tmp/fl-image-');
  chmodSync(work, 0o755);
  // A variant of unpacked packages has no later stage.
  const hookFlag = variant === 'extract' ? '--extract-hook' : '--customize-hook';
  const settings = await aptTransport();
  const flags = [
    `--variant=${variant}`,
    `--include=${packages.join(',')}`,
    ...UNREAD.map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
    ...settings.map((line) => `--aptopt=${line}`),
    // A mirror may be older than its suite wants it to be; what is signed stays what it is.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    ...hooks.map((hook) => `${hookFlag}=${hook}`),
  ];
  try {
    const env = { ...process.env, TMPDIR: work, NPM_FOLDER: npmFolder() };
    const mirror = await debianMirror();
    // It mounts /proc and /sys below its work folder: in a name space of its own, where they end with it.
    await read('unshare', ['--mount', '--propagation', 'slave', 'mmdebstrap', ...flags, suite, unfinished, mirror], {
      env,
    });
    renameSync(unfinished, archive);
  } finally {
    rmSync(unfinished, { force: true });
    await removeTree(work);
  }
}

/** Where npm is installed here: its program is a link to bin/npm-cli.js in there. */
function npmFolder() {
  return dirname(dirname(realpathSync(which('npm') ?? process.execPath)));
}

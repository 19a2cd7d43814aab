import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { api } from '../../script/docker-api.mjs';
import { ensureImages } from '../../script/images.mjs';
import { which } from '../../script/run.mjs';
import { dockerAt, freshCluster, removeCluster } from './docker.ts';
import { blocksOf, commandsOf, ROOT, type Block, type Command } from './docs.ts';
import { PageIds } from './docs-output.ts';
import { PageShell } from './docs-shell.ts';
import { freePort } from '../lab/free-port.ts';

/** What pages call things, for which a run has names of its own. */
const PAGE_WORDS = { cluster: 'demo', port: '8000', folder: '/srv/demo' };
/** A look may be taken again until it shows what the page says. */
const LOOK = /^(fairlead (status|logs|plan)|curl|git (-C \S+ )?(fetch|show|log))\b/;
/** What makes something on the engine; a page that does not may speak of all clusters. */
const MAKES = /^fairlead (apply|run)\b/;
/** Machines may have an engine and not its command line. */
const HAS_DOCKER = which('docker') !== undefined;
const WITHIN = 60_000;
const AGAIN = 250;
/** Tags that a page may speak of, and the release of the lab's application that each of them is. */
const RELEASES = { v1: 'v1', v2: 'v2', v3: 'v3', exits: 'exits', '15.4': 'v1', '15.5': 'v2', '16.1': 'v3' };
const IMAGE = /registry\.example\.com\/([a-z-]+):(\w+)/g;
const BALANCER = 'lab/haproxy:3.0';

/** Does on a real engine what a page tells its reader to do; throws where something else happens than it says. */
export async function runPage(page: string, host: string): Promise<void> {
  await using run = await PageRun.open(page, host);
  for (const block of blocksOf(page)) {
    if (block.file !== undefined) await run.write(block.file, block.text);
    if (block.language === 'console') await run.commands(block);
  }
}

class PageRun implements AsyncDisposable {
  private readonly words: Words;
  private readonly ids = new PageIds();
  private readonly folder: string;
  private readonly shell: PageShell;
  private readonly dispose: () => Promise<void>;

  private constructor(folder: string, words: Words, shell: PageShell, dispose: () => Promise<void>) {
    this.folder = folder;
    this.words = words;
    this.shell = shell;
    this.dispose = dispose;
  }

  static async open(page: string, host: string): Promise<PageRun> {
    const images = imagesOf(blocksOf(page));
    await tagImages(host, images);
    const [root, port, cluster] = [await mkdtemp(join(tmpdir(), 'fairlead-docs-')), await freePort(), freshCluster()];
    const folder = join(root, 'work');
    await mkdir(folder);
    await writeProgram(join(root, 'bin'));
    const words = new Words({ cluster, port: String(port), folder });
    const commands = blocksOf(page)
      .filter(({ language }) => language === 'console')
      .flatMap(commandsOf);
    const own = commands.some(({ command }) => MAKES.test(command)) ? { FAIRLEAD_CLUSTER: cluster } : {};
    const shell = new PageShell(folder, { ...environment(root, host, port), ...own });
    return new PageRun(folder, words, shell, async () => {
      await removeCluster(dockerAt(host), cluster);
      await untagImages(host, images);
      await rm(root, { recursive: true, force: true });
    });
  }

  async write(file: string, text: string): Promise<void> {
    const path = join(this.folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, this.words.toRun(text));
  }

  async commands(block: Block): Promise<void> {
    const here = commandsOf(block).filter(({ command }) => HAS_DOCKER || !command.startsWith('docker '));
    for (const command of here) await this.command(block.page, command);
  }

  private async command(page: string, { line, command, expected }: Command): Promise<void> {
    const end = Date.now() + (LOOK.test(command) ? WITHIN : 0);
    for (;;) {
      const given = this.words.toRun(this.ids.inCommand(command));
      const output = this.words.toPage(await this.shell.run(given, WITHIN));
      if (this.ids.match(expected, output)) return;
      if (Date.now() >= end) throw new Error(`${page}:${line}: $ ${command}\nprints\n${output}\nand not\n${expected}`);
      await delay(AGAIN);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shell[Symbol.asyncDispose]();
    await this.dispose();
  }
}

/** The page's words for those of the run, and back. */
class Words {
  private readonly pairs: readonly (readonly [page: string, run: string])[];

  constructor(run: typeof PAGE_WORDS) {
    this.pairs = (['folder', 'cluster', 'port'] as const).map((name) => [PAGE_WORDS[name], run[name]]);
  }

  toRun(text: string): string {
    return replaced(text, new Map(this.pairs));
  }

  toPage(text: string): string {
    return replaced(text, new Map(this.pairs.map(([page, run]) => [run, page])));
  }
}

function replaced(text: string, words: ReadonlyMap<string, string>): string {
  const pattern = new RegExp(`(?<![\\w.])(?:${[...words.keys()].join('|')})(?!\\w)`, 'g');
  return text.replaceAll(pattern, (word) => words.get(word) ?? word);
}

/** `fairlead` as the reader has it on the PATH. */
async function writeProgram(directory: string): Promise<void> {
  const file = join(directory, 'fairlead');
  await mkdir(directory);
  await writeFile(file, `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/dist/main.js' "$@"\n`);
  await chmod(file, 0o755);
}

/** Nothing of this machine's own settings; the run's names win over those of the page's fairlead.yaml. */
function environment(root: string, host: string, port: number) {
  const person = { NAME: 'Ada', EMAIL: 'ada@example.com' };
  const people = Object.entries(person).flatMap(([key, value]) => [
    [`GIT_AUTHOR_${key}`, value],
    [`GIT_COMMITTER_${key}`, value],
  ]);
  return {
    ...(Object.fromEntries(people) as Record<string, string>),
    PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: root,
    NO_COLOR: '1',
    LC_ALL: 'C.UTF-8',
    DOCKER_HOST: host,
    FAIRLEAD_STATE_DIR: join(root, 'state'),
    FAIRLEAD_BALANCER_IMAGE: BALANCER,
    FAIRLEAD_BALANCER_HTTP: String(port),
  };
}

/** Each `registry.example.com/NAME` of the page has all releases. */
function imagesOf(blocks: readonly Block[]): ReadonlyMap<string, string> {
  const names = new Set(blocks.flatMap(({ text }) => [...text.matchAll(IMAGE)].map(([, name = '']) => name)));
  const pairs = [...names].flatMap((name) =>
    Object.entries(RELEASES).map(
      ([tag, release]) => [`registry.example.com/${name}:${tag}`, `lab/app:${release}`] as const,
    ),
  );
  return new Map(pairs);
}

async function tagImages(host: string, images: ReadonlyMap<string, string>): Promise<void> {
  await ensureImages(host, [BALANCER, ...new Set(images.values())]);
  for (const [image, lab] of images) {
    const [repo = '', tag = ''] = image.split(':');
    await api(host, `/images/${lab}/tag?${String(new URLSearchParams({ repo, tag }))}`, { method: 'POST' });
  }
}

async function untagImages(host: string, images: ReadonlyMap<string, string>): Promise<void> {
  for (const image of images.keys()) await api(host, `/images/${image}`, { method: 'DELETE' });
}

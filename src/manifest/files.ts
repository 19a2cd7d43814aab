import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import path, { posix } from 'node:path';
import { layerOf } from '../core/reason.ts';
import type { Problem, Reason } from '../core/reason.ts';
import type { SourceFile } from './document.ts';
import type { Folder, FoundFiles, RepositoryFile, TextFile } from './folder.ts';
import { clusterOf, CLUSTERS } from './overlay.ts';
import { readManifests } from './read.ts';
import type { ManifestSet, ReadOptions } from './read.ts';

const MAX_FILES = 10_000;
const MAX_FILES_OF_FOLDER = 1000;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_TREE_BYTES = 64 * 1024 * 1024;
/** Of files, counted for each manifest that names them, as each of those takes time and space of its own. */
const MAX_NAMED_BYTES = 1024 * 1024 * 1024;
const MANIFEST = /\.(?:ya?ml|json)$/;
/** The host's own configuration, which commands read from the folder that they stand in; no manifest. */
const CONFIG = /^fairlead\.ya?ml$/;

/**
 * Reads every manifest below a folder. Folders whose name begins with a dot are left out, and so is what is said of other
 * clusters; nothing outside is read.
 */
export function readDirectory(directory: string, options: Omit<ReadOptions, 'folder'> = {}): ManifestSet {
  const tree = readTree(directory, options.cluster);
  const set = readManifests(tree.files, { ...options, folder: tree });
  return { ...set, problems: [...tree.problems, ...set.problems] };
}

/** The texts that `readDirectory` takes manifests from. */
export function readTree(
  directory: string,
  cluster = 'default',
): { readonly files: readonly SourceFile[]; readonly problems: readonly Problem[] } & Folder {
  const tree = new Tree(directory, cluster);
  tree.list();
  return tree;
}

/** The clusters of which the folder says something of their own, in order. */
export function clustersIn(directory: string): string[] {
  const root = realPath(directory);
  const folder = path.join(directory, CLUSTERS);
  if (root === undefined || !isFolderWithin(root, folder)) return [];
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  return names.filter((name) => isFolderWithin(root, path.join(folder, name))).sort();
}

type Bytes = Omit<RepositoryFile, 'path'> | Exclude<TextFile, { text: string }>;
type Found = { readonly file: string } | { readonly leads: string };

class Tree {
  readonly files: SourceFile[] = [];
  readonly problems: Problem[] = [];
  readonly #root: string;
  readonly #cluster: string;
  readonly #seen = new Set<string>();
  readonly #contents = new Map<string, Omit<RepositoryFile, 'path'>>();
  #bytes = 0;
  #named = 0;

  constructor(directory: string, cluster: string) {
    this.#root = realpathSync(directory);
    this.#cluster = cluster;
  }

  /** `name`: the folder as it is read, which is where it stands but for some links. */
  list(folder: string = this.#root, name = ''): void {
    const about = clusterOf(`${name}/`) ?? this.#cluster;
    if (about !== this.#cluster || this.#isSeen(folder, `${name}/`)) return;
    const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) this.#take(path.join(folder, entry.name), posix.join(name, entry.name), entry);
  }

  /** A text inside the folder, by its path relative to it. */
  readonly readText = (relative: string): TextFile => {
    const found = this.#find(path.join(this.#root, relative));
    return 'file' in found ? this.#text(found.file, relative) : leads(relative, found);
  };

  /** A file inside the folder, or all below a folder inside it but what belongs to git. */
  readonly readFiles = (relative: string): FoundFiles => {
    const found = this.#find(path.join(this.#root, relative));
    if (!('file' in found)) return leads(relative, found);
    const files: RepositoryFile[] = [];
    for (const name of statSync(found.file).isDirectory() ? filesBelow(found.file) : ['']) {
      const file = this.#find(path.join(found.file, name));
      const shown = posix.join(relative, name);
      const read = 'file' in file ? this.#bytesOf(file.file, shown) : leads(shown, file);
      if ('reason' in read) return read;
      if (files.length === MAX_FILES_OF_FOLDER)
        return {
          reason: 'too-large',
          message: `There are more than ${MAX_FILES_OF_FOLDER} files below \`${relative}\`.`,
        };
      files.push({ path: name, ...read });
    }
    if (files.length > 0) return { files };
    return { reason: 'schema', message: `There is no file below \`${relative}\`.` };
  };

  #take(file: string, name: string, entry: Dirent): void {
    if (entry.isSymbolicLink()) this.#follow(file, name);
    else if (entry.isDirectory() && !entry.name.startsWith('.')) this.list(file, name);
    else if (entry.isFile() && MANIFEST.test(entry.name)) this.#read(file, name);
  }

  /** A link inside the folder is read once; one that leads out is refused where it could matter. */
  #follow(link: string, name: string): void {
    const found = this.#find(link);
    if ('leads' in found) {
      const matters = MANIFEST.test(link) || isFolder(link);
      if (matters) this.#complain(name, 'unsupported', `\`${name}\` is a link that leads ${found.leads}.`);
    } else if (statSync(found.file).isDirectory()) this.list(found.file, nameBehind(name, this.#relative(found.file)));
    else if (MANIFEST.test(link)) this.#read(found.file, nameBehind(name, this.#relative(found.file)));
  }

  #read(file: string, name: string): void {
    if (CONFIG.test(name) || this.#isSeen(file, name)) return;
    if (this.files.length === MAX_FILES)
      this.#complain(name, 'too-large', `There are more than ${MAX_FILES} files of manifests.`);
    if (this.files.length >= MAX_FILES) return;
    const read = this.#text(file, name);
    if ('text' in read) this.files.push({ path: name, text: read.text });
    else this.#complain(name, read.reason, read.message);
  }

  #text(file: string, name: string): TextFile {
    const read = this.#bytesOf(file, name);
    return 'reason' in read ? read : { text: read.content.toString('utf8') };
  }

  /** A file by its real path, which counts once, however many name it. */
  #bytesOf(file: string, name: string): Bytes {
    const read = this.#contents.get(file) ?? this.#load(file, name);
    if ('reason' in read) return read;
    this.#contents.set(file, read);
    this.#named += read.content.length;
    if (this.#named <= MAX_NAMED_BYTES) return read;
    return {
      reason: 'too-large',
      message: 'The files are larger than 1 GiB together, counted each time they are named.',
    };
  }

  #load(file: string, name: string): Bytes {
    const stat = statSync(file);
    if (!stat.isFile()) return { reason: 'schema', message: `\`${name}\` is not a file.` };
    if (stat.size > MAX_FILE_BYTES) return { reason: 'too-large', message: `\`${name}\` is larger than 1 MiB.` };
    this.#bytes += stat.size;
    if (this.#bytes > MAX_TREE_BYTES)
      return { reason: 'too-large', message: 'The manifests and their files are larger than 64 MiB together.' };
    return { content: readFileSync(file), isExecutable: (stat.mode & 0o100) !== 0 };
  }

  /** The real path of what is inside the folder, outside of git's own. */
  #find(file: string): Found {
    return findWithin(this.#root, file);
  }

  /** Whether it was read already as what is said of all clusters, or of this one. */
  #isSeen(place: string, name: string): boolean {
    const reading = `${clusterOf(name) ?? ''}/${place}`;
    if (this.#seen.has(reading)) return true;
    this.#seen.add(reading);
    return false;
  }

  #relative(file: string): string {
    return path.relative(this.#root, file).split(path.sep).join('/');
  }

  #complain(file: string, reason: Reason, message: string): void {
    this.problems.push({ layer: layerOf(reason), reason, message, file, line: 1, column: 1 });
  }
}

/** A link has its target's name, but one out of its cluster's folder its own: what is linked there is said of that cluster. */
function nameBehind(link: string, target: string): string {
  const [cluster, other] = [link, target].map((name) => clusterOf(`${name}/`));
  return link === CLUSTERS || (cluster !== undefined && cluster !== other) ? link : target;
}

function findWithin(root: string, file: string): Found {
  const target = realPath(file);
  if (target === undefined) return { leads: 'nowhere' };
  const steps = path.relative(root, target).split(path.sep);
  if (steps[0] === '..' || path.isAbsolute(steps.join(path.sep)))
    return { leads: 'out of the folder that holds the manifests' };
  return steps.includes('.git') ? { leads: "into git's own folder" } : { file: target };
}

function isFolderWithin(root: string, place: string): boolean {
  const found = findWithin(root, place);
  return 'file' in found && isFolder(found.file);
}

function leads(name: string, { leads: where }: { readonly leads: string }): Exclude<TextFile, { text: string }> {
  return { reason: 'unsupported', message: `\`${name}\` leads ${where}.` };
}

/** Paths below a folder, in order; a link to a folder is one of them, and no file. */
function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  const paths = files.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  return paths.map((each) => each.split(path.sep).join('/')).sort();
}

function realPath(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function isFolder(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

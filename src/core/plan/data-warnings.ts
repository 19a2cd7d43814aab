import { imageName, majorVersion } from '../image.ts';
import type { ContainerSpec, Mount } from '../model.ts';
import { isWritable, volumeName } from '../mounts.ts';
import type { Change } from './plan.ts';

type Warnings = Change['warnings'];
type Place = Exclude<Mount, { type: 'tmpfs' }>;
type Volume = Extract<Mount, { type: 'volume' }>;

interface Releases {
  readonly name: string;
  readonly cluster: string;
  readonly from: ContainerSpec;
  readonly to: ContainerSpec;
}

/** What becomes of the data of an old release with the new one. */
export function dataWarnings(releases: Releases): Warnings {
  return [...majorWarning(releases), ...releases.from.mounts.filter(isVolume).flatMap((old) => changed(old, releases))];
}

/** Another major version may not read what the one before it has written, whichever of the two is the newer. */
function majorWarning({ name, cluster, from, to }: Releases): Warnings {
  const [before, after] = [majorVersion(from), majorVersion(to)];
  if (before === undefined || after === undefined || before === after) return [];
  const written = from.mounts.filter(isWritable).filter((each) => isMounted(each, to));
  if (written.length === 0 || imageName(from.image) !== imageName(to.image)) return [];
  const places = written.map((each) => placeName(cluster, each)).join(' and ');
  const what = `what ${before} has written to ${places} may not be readable by ${after}`;
  const message = `${name} goes from version ${before} to ${after}: ${what}; back it up, or migrate it first.`;
  return [{ code: 'major-version', message }];
}

/** Under another path it is the same volume. */
function changed(old: Volume, { name, cluster, to }: Releases): Warnings {
  const now = to.mounts.filter(isVolume).find(({ target }) => target === old.target);
  if (now?.source === old.source || (now === undefined && isMounted(old, to))) return [];
  const was = volumeName(cluster, old.source);
  const way = `copy them first, or mount \`${old.source}\` again.`;
  if (now === undefined) {
    const message = `${name} does not mount the volume ${was} any more: the data of ${old.target} stay there; ${way}`;
    return [{ code: 'changed-volume', message }];
  }
  const fresh = `${volumeName(cluster, now.source)} begins empty unless it exists already`;
  const message = `${name} has another volume at ${old.target}: ${fresh}, and the data stay in ${was}; ${way}`;
  return [{ code: 'changed-volume', message }];
}

function isVolume(mount: Mount): mount is Volume {
  return mount.type === 'volume';
}

function isMounted({ type, source }: Place, { mounts }: ContainerSpec): boolean {
  return mounts.some((each) => each.type === type && each.source === source);
}

function placeName(cluster: string, { type, source }: Place): string {
  return type === 'volume' ? `the volume ${volumeName(cluster, source)}` : `the folder ${source}`;
}

import { groupBy } from '../group.ts';
import { isTrusted, type Instance, type ObservedRuntime, type ObservedState } from '../observed.ts';

/** An image that was fetched for a release. */
export interface FetchedImage {
  /** `sha256:…`, as the engine knows it. */
  readonly id: string;
  /** The names under which it was fetched, as manifests spell them; one that has moved on to another image is none of them. */
  readonly references: readonly string[];
  /** Since when nothing needs it, in milliseconds by the machine's clock; absent: something does. */
  readonly unneededSince?: number;
  /** When it could not be removed the last time, as somebody else uses it; absent: that was not tried. */
  readonly keptAt?: number;
}

export interface ImageRecord {
  readonly images: readonly FetchedImage[];
  /** By service and job, as far as its containers are made of such images: the release that runs and the one before it. */
  readonly releases: Readonly<Record<string, readonly ReleaseImage[]>>;
}

interface ReleaseImage {
  readonly release: string;
  /** Its id. */
  readonly image: string;
}

/** What becomes of those that nothing needs. */
export interface ImagePolicy {
  readonly prune: boolean;
  /** Milliseconds that they stay. */
  readonly keep: number;
}

const TRIED_AGAIN = 3_600_000;

export const NO_IMAGES: ImageRecord = { images: [], releases: {} };

/** The record with an image that the engine did not have before under this name. */
export function withFetched(record: ImageRecord, id: string, reference: string): ImageRecord {
  const { images } = withMoved(record, id, reference);
  const { references = [] } = images.find((each) => each.id === id) ?? {};
  const others = images.filter((each) => each.id !== id);
  return {
    ...record,
    images: [...others, { id, references: [...references.filter((one) => one !== reference), reference] }],
  };
}

/** The record where a name means that image now, whoever has brought it: no other one has the name any more. */
export function withMoved(record: ImageRecord, id: string, reference: string): ImageRecord {
  const isMoved = (each: FetchedImage) => each.id !== id && each.references.includes(reference);
  if (!record.images.some(isMoved)) return record;
  const without = (each: FetchedImage) => ({ ...each, references: each.references.filter((one) => one !== reference) });
  return { ...record, images: record.images.map((each) => (isMoved(each) ? without(each) : each)) };
}

export function withoutFetched(record: ImageRecord, ids: readonly string[]): ImageRecord {
  return ids.length === 0 ? record : { ...record, images: record.images.filter(({ id }) => !ids.includes(id)) };
}

/** Those that could not be removed are not tried again for a while. */
export function withKept(record: ImageRecord, ids: readonly string[], date: number): ImageRecord {
  if (ids.length === 0) return record;
  return { ...record, images: record.images.map((each) => (ids.includes(each.id) ? { ...each, keptAt: date } : each)) };
}

export interface Needs {
  readonly runtime: Pick<ObservedRuntime, 'instances' | 'runs'>;
  /** Names and images of services and jobs that are wanted. */
  readonly wanted: readonly { readonly name: string; readonly image: string }[];
  /** Ids of images of wanted releases that were pulled, whether containers are made of them yet or not. */
  readonly pulled: readonly string[];
  /** By the machine's clock. */
  readonly date: number;
}

/** The record with what needs each image now; the same one where that has not changed. */
export function withNeeds(record: ImageRecord, needs: Needs): ImageRecord {
  if (record.images.length === 0) return record;
  const { runtime, wanted, pulled, date } = needs;
  const releases = releasesAfter(record, needs);
  const kept = Object.values(releases).flatMap((each) => each.map(({ image }) => image));
  const made = [...runtime.instances, ...runtime.runs].map(({ imageId }) => imageId);
  const needed = new Set([...kept, ...made, ...pulled, ...wanted.map(({ image }) => image)]);
  const isNeeded = ({ id, references }: FetchedImage) => [id, ...references].some((each) => needed.has(each));
  const images = record.images.map((each) => withNeed(each, isNeeded(each), date));
  const isSame = releases === record.releases && images.every((each, index) => each === record.images[index]);
  return isSame ? record : { images, releases };
}

function withNeed(image: FetchedImage, isNeeded: boolean, date: number): FetchedImage {
  const { unneededSince, keptAt: _, ...needed } = image;
  if (isNeeded) return unneededSince === undefined ? image : needed;
  // A clock that was put back must not keep it for ever.
  return unneededSince === undefined || unneededSince > date ? { ...needed, unneededSince: date } : image;
}

function releasesAfter({ images, releases }: ImageRecord, { runtime, wanted }: Needs): ImageRecord['releases'] {
  const fetched = new Set(images.map(({ id }) => id));
  const running = groupBy([...runtime.instances.filter(isTrusted), ...runtime.runs], ({ service }) => service);
  // What runs on though nobody wants it, as a removal that is refused, keeps its way back.
  const names = new Set([...wanted.map(({ name }) => name), ...running.keys()]);
  const entries = [...names].flatMap((name) => {
    const known = Object.hasOwn(releases, name) ? releases[name] : undefined;
    const kept = latestTwo(known ?? [], running.get(name) ?? []);
    return kept.some(({ image }) => fetched.has(image)) ? [[name, kept] as const] : [];
  });
  const isSame = ([name, kept]: (typeof entries)[number]) => kept === releases[name];
  return entries.length === Object.keys(releases).length && entries.every(isSame)
    ? releases
    : Object.fromEntries(entries);
}

/** What runs is what was made last: a release that comes back takes its place before the one that it replaces. */
function latestTwo(known: readonly ReleaseImage[], running: readonly Instance[]): readonly ReleaseImage[] {
  const [first, ...rest] = running;
  if (first === undefined) return known;
  const latest = rest.reduce((one, other) => (other.createdAt > one.createdAt ? other : one), first);
  if (known[0]?.release === latest.release && known[0].image === latest.imageId) return known;
  const before = known.filter(({ release }) => release !== latest.release);
  return [{ release: latest.release, image: latest.imageId }, ...before].slice(0, 2);
}

/** Those that are to be removed now: nothing has needed them for long, or the disk is filling up. */
export function spareImages({ images }: ImageRecord, policy: ImagePolicy, { runtime, date }: ObservedState) {
  if (!policy.prune) return [];
  const { disk } = runtime.node;
  const keep = disk === undefined || disk.room === 'ample' ? policy.keep : 0;
  const isTried = ({ keptAt = -Infinity }: FetchedImage) => Math.abs(date - keptAt) < TRIED_AGAIN;
  return images.filter((each) => isSpare(each, keep, date) && !isTried(each));
}

/** Where none is removed, the record ends without those that nothing has needed for long. */
export function withoutSpare(record: ImageRecord, policy: ImagePolicy, date: number): ImageRecord {
  if (policy.prune) return record;
  const spare = record.images.filter((each) => isSpare(each, policy.keep, date));
  return withoutFetched(
    record,
    spare.map(({ id }) => id),
  );
}

function isSpare({ unneededSince = Infinity }: FetchedImage, keep: number, date: number): boolean {
  return date - unneededSince >= keep;
}

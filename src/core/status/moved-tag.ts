import { groupBy } from '../group.ts';
import { tagAndDigest } from '../image.ts';
import type { Warning } from '../reason.ts';
import type { Decision } from '../rollout/decide.ts';
import type { Memory } from '../rollout/memory.ts';

/** What an image reference stood for when a release was made. */
export interface Sighting {
  readonly image: string;
  /** `web@3f9c1a2` */
  readonly release: string;
  readonly id: string;
  readonly digest?: string;
}

/** What runs now, and what the registry gave for the releases that are wanted; by image reference. */
export function sightings(
  decisions: readonly Decision[],
  { images }: Pick<Memory, 'images'>,
): ReadonlyMap<string, readonly Sighting[]> {
  const seen = decisions.flatMap((decision) => [...running(decision), ...pulled(decision, images)]);
  const movable = seen.filter(({ image }) => tagAndDigest(image).digest === undefined);
  return groupBy([...new Map(movable.map((each) => [JSON.stringify(each), each])).values()], (each) => each.image);
}

/** A tag that stood for another image elsewhere, or last time: nothing is replaced for that, but somebody should know. */
export function movedTag(
  decision: Decision,
  seen: ReadonlyMap<string, readonly Sighting[]>,
): Pick<Warning, 'code' | 'message'> | undefined {
  const [own] = running(decision);
  if (own === undefined) return undefined;
  const others = (seen.get(own.image) ?? []).filter((each) => !isSame(own, each));
  const [other] = others;
  if (other === undefined) return undefined;
  const elsewhere = others.filter((each) => isSame(other, each)).map(({ release }) => release);
  const message =
    `The tag of ${own.image} has moved: it is ${shortId(own)} for ${own.release} and ${shortId(other)} for ` +
    `${elsewhere.slice(0, 3).join(', ')}. What runs stays as it is; a new version or a digest settles which one is meant.`;
  return { code: 'unpinned-tag', message };
}

function running({ view, progress }: Decision): Sighting[] {
  const target = progress?.target.release;
  return view.instances
    .filter((each) => each.release === target && each.spec !== undefined)
    .map(({ spec, imageId, digest }) => ({
      image: spec?.image ?? '',
      release: `${view.name}@${target ?? ''}`,
      id: imageId,
      ...(digest !== undefined && { digest }),
    }));
}

function pulled({ view: { name, desired } }: Decision, images: Memory['images']): Sighting[] {
  if (desired === undefined) return [];
  const release = `${name}@${desired.release}`;
  const image = images[release];
  return image === undefined ? [] : [{ image: desired.service.container.image, release, ...image }];
}

/** By what the registry calls it, where that is known: engines name one image in more than one way. */
function isSame(one: Sighting, other: Sighting): boolean {
  if (one.digest !== undefined && other.digest !== undefined) return one.digest === other.digest;
  return one.id === other.id;
}

/** The first 12 digits. */
function shortId({ digest, id }: Sighting): string {
  return (digest ?? id).slice(0, 'sha256:'.length + 12);
}

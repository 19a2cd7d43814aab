import type { ContainerSpec } from './model.ts';

/** The tag and the digest of an image reference. */
export function tagAndDigest(image: string): { readonly tag?: string; readonly digest?: string } {
  const [name = '', digest] = image.split('@');
  const tag = name.slice(name.lastIndexOf('/') + 1).split(':')[1];
  return { ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** The version of a service that names none: its tag, else the first 12 digits of its digest, else `latest`. */
export function versionOf(image: string): string {
  const { tag, digest } = tagAndDigest(image);
  return tag ?? digest?.replace('sha256:', '').slice(0, 12) ?? 'latest';
}

/** What the image is called wherever it is fetched from: a mirror has the same name. */
export function imageName(image: string): string {
  const [reference = ''] = image.split('@');
  return reference.slice(reference.lastIndexOf('/') + 1).split(':')[0] ?? '';
}

/** `16`, `16-alpine`, `2024.1`, `v2.53.0`; a longer number is a build, a date or a commit, and `v7` as often a build as a version. */
const MAJOR = /^(?:v(?=\d+\.))?(\d{1,4}(?=\.)|\d{1,2}(?=[_-]|$))/;

/** The first number of the version, which the tag says, or `version` where the tag says none. */
export function majorVersion({ image, version }: Pick<ContainerSpec, 'image' | 'version'>): number | undefined {
  const { tag = '' } = tagAndDigest(image);
  const said = version === versionOf(image) ? [tag] : [tag, version];
  const [, major] = said.map((each) => MAJOR.exec(each)).find((found) => found !== null) ?? [];
  return major === undefined ? undefined : Number(major);
}

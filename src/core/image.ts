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

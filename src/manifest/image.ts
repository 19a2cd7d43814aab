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

/** The names that a policy may know an image by: as written and in full, each with and without tag and digest. */
export function imageNames(image: string): readonly string[] {
  const bare = (image.split('@')[0] ?? '').replace(/:[^:/]*$/, '');
  return [image, bare, inFull(image), inFull(bare)];
}

/** Docker reads a name without a registry as docker.io's, and one without a folder as its `library`. */
function inFull(image: string): string {
  const [first = '', ...rest] = image.split('/');
  if (rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')) return image;
  return rest.length === 0 ? `docker.io/library/${image}` : `docker.io/${image}`;
}

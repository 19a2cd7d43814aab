/** The names that a policy may know an image by: as written and in full, each with and without tag and digest. */
export function imageNames(image: string): readonly string[] {
  const bare = (image.split('@')[0] ?? '').replace(/:[^:/]*$/, '');
  return [image, bare, inFull(image), inFull(bare)];
}

/** Docker reads a name without a registry as docker.io's, and one without a folder as its `library`. Only hosts have capitals. */
function inFull(image: string): string {
  const [first = '', ...rest] = image.split('/');
  if (rest.length > 0 && (/[.:A-Z]/.test(first) || first === 'localhost')) return image;
  return rest.length === 0 ? `docker.io/library/${image}` : `docker.io/${image}`;
}

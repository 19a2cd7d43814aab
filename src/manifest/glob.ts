/** Whether a text matches a glob: `*` is anything but `/`, `**` is anything, `?` is one character but `/`. */
export function matches(glob: string, text: string): boolean {
  const pattern = glob.replaceAll(
    /\*\*|\*|\?|[^]/g,
    (token) => WILDCARDS[token] ?? token.replace(SPECIAL, String.raw`\$&`),
  );
  return new RegExp(`^${pattern}$`, 'u').test(text);
}

const WILDCARDS: Readonly<Record<string, string>> = { '**': '[^]*', '*': '[^/]*', '?': '[^/]' };

/** With the flag `u` an expression is invalid that escapes any other sign, such as a hyphen. */
const SPECIAL = /[\\^$.|+()[\]{}]/;

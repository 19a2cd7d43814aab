import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * `system`: a root file system from Debian's packages; `derived`: a Dockerfile and its files on top of another lab image.
 * @typedef {{ kind: 'system', suite: string, variant: string, packages: string[], hooks: string[], config: string[] }} SystemRecipe
 * @typedef {{ kind: 'derived', from: string, files: Record<string, string>, config: string[] }} DerivedRecipe
 * @typedef {SystemRecipe | DerivedRecipe} Recipe
 */

/** The files that mmdebstrap copies from this machine; a container gets its own. */
const IMPERSONAL = 'rm -f "$1/etc/resolv.conf" "$1/etc/hostname"';

/** What the scripts of Debian's packages would have made, for an image whose packages are only unpacked. */
const UNPACKED = [
  IMPERSONAL,
  'rm -rf "$1/var/lib/apt" "$1/var/cache/apt"',
  'mkdir -p "$1/bin" "$1/proc" "$1/sys" "$1/root" "$1/etc" && chroot "$1" /usr/bin/busybox --install -s /bin',
  'printf "root:x:0:0:root:/root:/bin/sh\\nnobody:x:65534:65534:nobody:/:/bin/false\\n" > "$1/etc/passwd"',
  'printf "root:x:0:\\nnogroup:x:65534:\\n" > "$1/etc/group"',
  'echo "hosts: files dns" > "$1/etc/nsswitch.conf"',
];

/** @type {SystemRecipe} */
const busybox = {
  kind: 'system',
  suite: 'trixie',
  variant: 'extract',
  packages: ['busybox-static'],
  hooks: UNPACKED,
  config: ['CMD ["sh", "-c", "trap \'exit 0\' TERM INT; while :; do sleep 3600 & wait $!; done"]'],
};

/**
 * HAProxy as its official image has it: user haproxy with id 99, the same folders, command and stop signal.
 * @param {string} suite
 * @returns {SystemRecipe}
 */
const haproxy = (suite) => ({
  kind: 'system',
  suite,
  variant: 'apt',
  packages: ['haproxy'],
  hooks: [
    IMPERSONAL,
    'chroot "$1" groupmod --gid 99 haproxy && chroot "$1" usermod --uid 99 --gid 99 haproxy',
    'mkdir -p "$1/usr/local/etc/haproxy" "$1/var/lib/haproxy" && chroot "$1" chown haproxy:haproxy /var/lib/haproxy',
  ],
  config: [
    'USER haproxy',
    'WORKDIR /var/lib/haproxy',
    'STOPSIGNAL SIGUSR1',
    'CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]',
  ],
});

/** Node on busybox: what the test application needs, unpacked in a few seconds. @type {SystemRecipe} */
const node = {
  kind: 'system',
  suite: 'trixie',
  variant: 'extract',
  packages: ['base-files', 'busybox-static', 'nodejs'],
  hooks: UNPACKED,
  config: ['CMD ["node"]'],
};

/**
 * Node on a whole Debian, with git, ssh and this machine's npm (Debian's own is hundreds of packages): a base to build
 * Fairlead's image from.
 * @type {SystemRecipe}
 */
const nodeGit = {
  kind: 'system',
  suite: 'trixie',
  variant: 'apt',
  packages: ['nodejs', 'git', 'openssh-client', 'ca-certificates'],
  hooks: [
    IMPERSONAL,
    'mkdir -p "$1/usr/local/lib/node_modules" && cp -r "$NPM_FOLDER" "$1/usr/local/lib/node_modules/npm"',
    'for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$1/usr/local/bin/$name"; done',
  ],
  config: ['CMD ["node"]'],
};

/** Little memory, few threads: many of them share a small machine. */
const NODE_FLAGS = ['--max-old-space-size=64', '--max-semi-space-size=2', '--v8-pool-size=1'];

/** @param {string} release @returns {DerivedRecipe} */
const app = (release) => ({
  kind: 'derived',
  from: 'lab/node:20',
  files: { 'app.mjs': readFileSync(new URL('../test/lab/app.mjs', import.meta.url), 'utf8') },
  config: [
    'COPY app.mjs /app.mjs',
    `ENV RELEASE=${release}`,
    'EXPOSE 8080',
    `CMD ${JSON.stringify(['node', ...NODE_FLAGS, '/app.mjs'])}`,
  ],
});

/** Every image of the lab. @type {Readonly<Record<string, Recipe>>} */
export const RECIPES = {
  'lab/busybox:1': busybox,
  'lab/haproxy:3.0': haproxy('trixie'),
  'lab/haproxy:2.6': haproxy('bookworm'),
  'lab/node:20': node,
  'lab/node-git:20': nodeGit,
  'lab/app:v1': app('v1'),
  'lab/app:v2': app('v2'),
  'lab/app:v3': app('v3'),
  'lab/app:exits': app('exits'),
  'lab/app:unhealthy': app('unhealthy'),
  'lab/app:stubborn': app('stubborn'),
};

/**
 * What an image is made of, in 12 characters: another recipe, another key.
 * @param {Recipe} recipe
 * @returns {string}
 */
export function keyOf(recipe) {
  const base = recipe.kind === 'derived' ? keyOf(recipeOf(recipe.from)) : '';
  return createHash('sha256')
    .update(base + JSON.stringify(recipe))
    .digest('hex')
    .slice(0, 12);
}

/** @param {string} name @returns {Recipe} */
export function recipeOf(name) {
  const recipe = RECIPES[name];
  if (recipe === undefined) throw new Error(`The lab has no image ${name}; it has ${Object.keys(RECIPES).join(', ')}.`);
  return recipe;
}

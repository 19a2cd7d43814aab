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
  files: { 'app.mjs': sourceOf('app.mjs') },
  config: [
    'COPY app.mjs /app.mjs',
    `ENV RELEASE=${release}`,
    'EXPOSE 8080',
    `CMD ${JSON.stringify(['node', ...NODE_FLAGS, '/app.mjs'])}`,
  ],
});

/** A user beside those of UNPACKED, and a folder that is theirs. @param {string} name @param {string} folder */
const withUser = (name, folder) => [
  `echo "${name}:x:999:999::/:/bin/sh" >> "$1/etc/passwd" && echo "${name}:x:999:" >> "$1/etc/group"`,
  `mkdir -p "$1${folder}" && chroot "$1" chown 999:999 "${folder}"`,
];

/** What is unpacked because of a dependency, and never loaded: the compiler of queries, and Perl. */
const UNUSED_BY_POSTGRES = [
  'lib/*/libLLVM*',
  'lib/*/libz3*',
  'lib/postgresql/17/lib/bitcode',
  'lib/*/*perl*',
  'share/perl*',
];

/** Its variables and its data folder are those of the official image. @type {SystemRecipe} */
const postgres = {
  kind: 'system',
  suite: 'trixie',
  variant: 'extract',
  packages: ['base-files', 'busybox-static', 'postgresql-17'],
  hooks: [
    ...UNPACKED,
    ...withUser('postgres', '/var/lib/postgresql/data'),
    'mkdir -p "$1/var/run/postgresql" && chroot "$1" chown postgres /var/run/postgresql',
    `cd "$1/usr" && rm -rf ${UNUSED_BY_POSTGRES.join(' ')}`,
  ],
  config: [
    'USER postgres',
    'ENV PATH=/usr/lib/postgresql/17/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data/pgdata POSTGRES_DB=postgres',
    'STOPSIGNAL SIGINT',
    `CMD ${JSON.stringify(['sh', '-c', sourceOf('shop/postgres.sh')])}`,
  ],
};

/** @type {SystemRecipe} */
const redis = {
  kind: 'system',
  suite: 'trixie',
  variant: 'extract',
  packages: ['base-files', 'busybox-static', 'redis-server'],
  hooks: [...UNPACKED, ...withUser('redis', '/data')],
  config: ['USER redis', 'WORKDIR /data', 'CMD ["redis-server", "--protected-mode", "no"]'],
};

/** Whoever runs it brings a configuration, which names the user nginx. @type {SystemRecipe} */
const nginx = {
  kind: 'system',
  suite: 'trixie',
  variant: 'extract',
  packages: ['base-files', 'busybox-static', 'nginx'],
  hooks: [...UNPACKED, ...withUser('nginx', '/var/cache/nginx')],
  config: ['STOPSIGNAL SIGQUIT', 'CMD ["nginx", "-g", "daemon off;"]'],
};

const SHOP_FILES = ['line.mjs', 'migrate.mjs', 'postgres.mjs', 'redis.mjs', 'web.mjs', 'worker.mjs'];

/** The application of examples/shop. @param {string} release @returns {DerivedRecipe} */
const shop = (release) => ({
  kind: 'derived',
  from: 'lab/node:20',
  files: Object.fromEntries(SHOP_FILES.map((file) => [file, sourceOf(`shop/${file}`)])),
  config: [
    'WORKDIR /shop',
    `COPY ${SHOP_FILES.join(' ')} /shop/`,
    `ENV RELEASE=${release} NODE_OPTIONS="--max-old-space-size=64 --max-semi-space-size=2"`,
    'CMD ["node", "web.mjs"]',
  ],
});

/** @type {Readonly<Record<string, Recipe>>} */
const USUAL = {
  'lab/busybox:1': busybox,
  'lab/haproxy:3.0': haproxy('trixie'),
  'lab/haproxy:2.6': haproxy('bookworm'),
  'lab/haproxy:3.2': haproxy('forky'),
  'lab/node:20': node,
  'lab/node-git:20': nodeGit,
  'lab/app:v1': app('v1'),
  'lab/app:v2': app('v2'),
  'lab/app:v3': app('v3'),
  'lab/app:exits': app('exits'),
  'lab/app:unhealthy': app('unhealthy'),
  'lab/app:stubborn': app('stubborn'),
};

/** They take their time, so the one test that plays examples/shop asks for them. @type {Readonly<Record<string, Recipe>>} */
const SHOP = {
  'lab/postgres:17': postgres,
  'lab/redis:8': redis,
  'lab/nginx:1.26': nginx,
  'lab/shop:v1': shop('v1'),
  'lab/shop:v2': shop('v2'),
};

/** Every image of the lab. @type {Readonly<Record<string, Recipe>>} */
const RECIPES = { ...USUAL, ...SHOP };

/** Those that most tests want. */
export const USUAL_IMAGES = Object.keys(USUAL);
export const SHOP_IMAGES = Object.keys(SHOP);

/** @param {string} file below test/lab */
function sourceOf(file) {
  return readFileSync(new URL(`../test/lab/${file}`, import.meta.url), 'utf8');
}

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

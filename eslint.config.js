// Layers and syntax; the rules that need types are in .oxlintrc.json.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** What each folder of src may not import; core knows nothing, cli knows all. */
const LAYERS = {
  core: ['manifest', 'app', 'git', 'docker', 'haproxy', 'http', 'commands', 'certificates'],
  manifest: ['app', 'git', 'docker', 'haproxy', 'http', 'commands', 'certificates'],
  app: ['git', 'docker', 'haproxy', 'http', 'commands', 'certificates'],
  git: ['manifest', 'app', 'docker', 'haproxy', 'http', 'commands', 'certificates'],
  docker: ['manifest', 'app', 'git', 'haproxy', 'http', 'commands', 'certificates'],
  haproxy: ['manifest', 'app', 'git', 'docker', 'http', 'commands', 'certificates'],
  http: ['manifest', 'git', 'docker', 'haproxy', 'commands', 'certificates'],
  commands: ['manifest', 'git', 'docker', 'haproxy', 'http', 'certificates'],
  config: ['app', 'git', 'haproxy', 'http', 'commands', 'certificates'],
  certificates: ['manifest', 'app', 'git', 'docker', 'haproxy', 'http', 'commands'],
};

/** Libraries that belong to one folder alone. */
const LIBRARIES = {
  git: ['simple-git'],
  docker: ['dockerode'],
  certificates: ['acme-client'],
  manifest: ['yaml', 'ajv', 'ajv-formats', 'ajv/*'],
};

const layerRules = Object.entries(LAYERS).map(([folder, forbidden]) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': /** @type {['error', object]} */ ([
      'error',
      {
        patterns: [
          { group: forbidden.map((other) => `**/${other}/*`), message: `src/${folder} does not know this layer.` },
          {
            group: ['**/cli/*', ...(folder === 'config' ? [] : ['**/config/*'])],
            message: 'Configuration comes in as an argument.',
          },
          ...Object.entries(LIBRARIES)
            .filter(([owner]) => owner !== folder)
            .map(([owner, names]) => ({ group: names, message: `Only src/${owner} uses it.` })),
          ...(folder === 'core' ? [{ regex: '^node:(?!crypto$|util$)', message: 'core is pure.' }] : []),
        ],
      },
    ]),
  },
}));

export default defineConfig(
  { ignores: ['dist', 'dist-*', 'node_modules', 'coverage', 'src/**/*.generated.ts', 'src/**/*.generated.js'] },
  ...tseslint.configs.strict,
  {
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Exports have names.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of strings.' },
        { selector: 'ExportAllDeclaration', message: 'No barrels.' },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { varsIgnorePattern: '^_', argsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      eqeqeq: 'error',
    },
  },
  { files: ['src/**/*.ts'], rules: { 'no-console': 'error' } },
  {
    files: ['src/core/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'fetch', 'setTimeout', 'setInterval', 'console'],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random' },
        { object: 'Date', property: 'now', message: 'Time comes in as an argument.' },
      ],
    },
  },
  ...layerRules,
  {
    files: ['script/**/*.mjs', 'test/lab/*.mjs', '*.config.js', '*.config.ts'],
    rules: { 'no-restricted-syntax': 'off', 'no-console': 'off' },
  },
);

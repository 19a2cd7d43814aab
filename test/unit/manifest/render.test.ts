import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { readManifests } from '../../../src/manifest/read.ts';
import { renderManifests } from '../../../src/manifest/render.ts';

const FILES = [
  { path: 'variables.yaml', text: 'TAG: 1.10\n' },
  {
    path: 'web.yaml',
    text: 'kind: Service\nname: web\nimage: a/web:${TAG}\nversion: ${TAG}\nlabels: {}\ncommand: |\n  sh -c\n  "${GREETING:-hello}"\n',
  },
  { path: 'clusters/demo/web.yaml', text: 'kind: Service\nname: web\ncpu: 0.50\n' },
];

describe('rendered manifests', () => {
  it('say where each value comes from', () => {
    expect(renderManifests(FILES, 'demo').yaml).toBe(`kind: Service # clusters/demo/web.yaml:1
name: web # clusters/demo/web.yaml:2
image: a/web:1.10 # web.yaml:3, TAG from variables.yaml:1
version: 1.10 # web.yaml:4, TAG from variables.yaml:1
labels:
  {}
  # web.yaml:5
command: | # web.yaml:6, default of GREETING
  sh -c
  "hello"
cpu: 0.50 # clusters/demo/web.yaml:3
`);
  });

  it('read as the same manifests again', () => {
    const text = renderManifests(FILES, 'demo').yaml;
    const again = readManifests([{ path: 'all.yaml', text: text.replaceAll('$', '$$$$') }]);
    const plain = ({ manifests }: ReturnType<typeof readManifests>) => manifests.map(({ source: _, ...rest }) => rest);
    expect(again.problems).toEqual([]);
    expect(plain(again)).toEqual(plain(readManifests(FILES, { cluster: 'demo' })));
  });

  it('have numbers, true and false as they are written, as that is how texts take them', () => {
    const values = ['00501', '0x1F', '1.10e2', '+5', '0o17', 'True', 'FALSE', '1', 'true', '-0', '.5'];
    const environment = values.map((value, index) => `  A${index}: ${value}\n`).join('');
    const text = `kind: Service\nname: web\nimage: a:1\nversion: 0x10\ninstances: 0x2\nenvironment:\n${environment}files:\n  - target: /a\n    content: a\n    mode: 0o644\n`;
    const files = [{ path: 'web.yaml', text }];
    const printed = renderManifests(files, 'demo').yaml.replaceAll(/ # .*/g, '');
    expect(printed).toBe(text);
    const [taken] = readManifests(files).manifests;
    expect(taken?.kind === 'Service' && Object.values(taken.container.environment)).toHaveLength(values.length);
    expect(readManifests([{ path: 'web.yaml', text: printed }]).manifests).toEqual([taken]);
  });

  it('are as JSON what the schema says', () => {
    const schema = path.join(import.meta.dirname, '../../../schemas/render.schema.json');
    const ajv = new Ajv2020({ strict: false });
    const document = { version: 1, cluster: 'demo', manifests: renderManifests(FILES, 'demo').manifests };
    expect(ajv.validate(JSON.parse(readFileSync(schema, 'utf8')) as object, document), ajv.errorsText()).toBe(true);
    expect(document.manifests[0]?.origins).toMatchObject({
      version: { written: '1.10', variables: [{ name: 'TAG', from: { file: 'variables.yaml', line: 1, column: 6 } }] },
      command: { variables: [{ name: 'GREETING', from: 'default' }] },
    });
  });

  it('are of their cluster only', () => {
    expect(renderManifests(FILES, 'other').manifests[0]?.value).not.toHaveProperty('cpu');
  });
});

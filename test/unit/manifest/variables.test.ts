import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_FOLDER } from '../../../src/manifest/folder.ts';
import { readManifests } from '../../../src/manifest/read.ts';
import { Variables } from '../../../src/manifest/variables.ts';
import { line } from './reading.ts';

const variables = () =>
  new Variables(
    new Map(
      Object.entries({ TAG: '1.10', EMPTY: '', PRICE: '$1 ${TAG}' }).map(([name, text]) => [name, { text }] as const),
    ),
  );
const expanded = (text: string) => variables().expand(text).text;

describe('a variable', () => {
  it.each([
    ['${TAG}', '1.10'],
    ['a-${TAG}-${TAG}b', 'a-1.10-1.10b'],
    ['${EMPTY}', ''],
    ['${EMPTY:-default}', 'default'],
    ['${NONE:-}', ''],
    ['${NONE:-a b: c}', 'a b: c'],
    ['${NONE:-${EMPTY:-${TAG}}}', '1.10'],
    ['${TAG:-${NONE}}', '1.10'],
    ['$$', '$'],
    ['$${TAG}', '${TAG}'],
    ['$$$$', '$$'],
    ['$TAG $1 $ $(date) $', '$TAG $1 $ $(date) $'],
    ['${PRICE}', '$1 ${TAG}'],
    ['a}b{c', 'a}b{c'],
  ])('%s is %s', (text, expected) => {
    expect(variables().expand(text)).toMatchObject({ text: expected, mistakes: [] });
  });

  it.each([
    '${',
    '${}',
    '${1A}',
    '${A B}',
    '${TAG',
    '${NONE:-x',
    '${NONE:-${TAG}',
    '${TAG-x}',
    `${'${A:-'.repeat(40)}${'}'.repeat(40)}`,
  ])('%s is a mistake', (text) => {
    expect(variables().expand(text).mistakes).toEqual([
      expect.objectContaining({ reason: 'schema', message: expect.stringContaining('is not a variable') as string }),
    ]);
  });

  it('that is nowhere defined is a mistake, unless its default is', () => {
    expect(variables().expand('${NONE}').mistakes).toMatchObject([{ written: '${NONE}' }]);
    expect(variables().expand('${NONE:-${OTHER}}').mistakes).toMatchObject([{ written: '${OTHER}' }]);
  });

  it('leaves every text with doubled dollar signs what it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(expanded(text.replaceAll('$', '$$$$'))).toBe(text);
      }),
    );
  });

  it('makes nothing endlessly large', () => {
    const large = new Variables(new Map([['A', { text: 'a'.repeat(65_536) }]]));
    expect(large.expand('${A}'.repeat(1000)).mistakes[0]).toMatchObject({ reason: 'too-large' });
  });
});

const WEB = 'kind: Service\nname: web\nimage: a/web:${TAG}\n';
const set = (files: Record<string, string>, cluster = 'demo') =>
  readManifests(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    { cluster },
  );
const only = (...args: Parameters<typeof set>) => {
  const { manifests, problems } = set(...args);
  expect(problems).toEqual([]);
  return manifests[0];
};
const complaints = (...args: Parameters<typeof set>) =>
  set(...args).problems.map((each) => `${each.file ?? ''}:${line(each)}`);

describe('in a manifest, variables', () => {
  it('come from variables.yaml, and those of the cluster win', () => {
    const files = {
      'variables.yaml': 'TAG: 1.10\nSIZE: 2',
      'clusters/demo/variables.yaml': 'SIZE: 3',
      'clusters/other/variables.yaml': 'TAG: v9',
      'web.yaml': `${WEB}instances: \${SIZE}\nlabels: { cluster: "\${FAIRLEAD_CLUSTER}" }`,
    };
    const expected = { instances: 3, container: { image: 'a/web:1.10', labels: { cluster: 'demo' } } };
    expect(only(files)).toMatchObject(expected);
  });

  it('without quotes are what YAML takes their value for, and with quotes a text', () => {
    const given = (value: string, fields: string) =>
      only({ 'variables.yaml': `A: ${value}`, 'w.yaml': `${WEB.replace('${TAG}', '1')}${fields}` });
    expect(given('0', 'instances: ${A}')).toMatchObject({ instances: 0 });
    expect(given('false', 'enabled: ${A}')).toMatchObject({ enabled: false });
    expect(given('1.10', 'version: ${A}')).toMatchObject({ container: { version: '1.10' } });
    expect(given('1.10', 'version: "${A}"')).toMatchObject({ container: { version: '1.10' } });
    expect(given('"a: b # c"', 'description: ${A}')).toMatchObject({ description: 'a: b # c' });
    expect(given('"{ a: 1 }"', 'description: ${A}')).toMatchObject({ description: '{ a: 1 }' });
  });

  it('that are wrong are said with their place, beside what else is wrong, and nothing of what they are a part of is', () => {
    const command = `command: |\n  sh -c\n  "a \${B} c"\n`;
    const health = 'healthCheck: { http: { port: "${PORT}" } }\n';
    const text = `${WEB.replace('${TAG}', '1')}instances: \${SIZE}\n${command}${health}instnces: 2\n`;
    expect(complaints({ 'web.yaml': text })).toEqual([
      expect.stringMatching(/^web\.yaml:4:12 schema: The variable `SIZE` is not defined/),
      expect.stringMatching(/^web\.yaml:7:6 schema: The variable `B` is not defined/),
      expect.stringMatching(/^web\.yaml:8:31 schema: The variable `PORT` is not defined/),
      expect.stringMatching(/^web\.yaml:9:1 schema: `instnces` is not a field of a Service/),
    ]);
  });
});

describe('the place of an undefined variable', () => {
  const places = (environment: string) =>
    set({
      'variables.yaml': 'TAGS: x',
      'web.yaml': `kind: Service\nname: web\nimage: a:1\nenvironment:\n  ${environment}`,
    }).problems.map(({ line, column }) => `${line ?? 0}:${column ?? 0}`);

  it.each([
    ['is not that of a longer name', 'A: ${TAGS}-${TAG}', ['5:14']],
    ['is not within an escaped one', 'A: "echo $${FOO} and ${FOO}"', ['5:24']],
    ['is behind an escaped dollar sign', 'A: "$$${FOO}"', ['5:9']],
    ['is one for each time it is written', 'A: ${FOO} ${FOO}', ['5:6', '5:13']],
    ['is the whole value where YAML writes its signs otherwise', 'A: "\\u0024{FOO} \\u0024{FOO}"', ['5:6']],
  ])('%s', (_, environment, expected) => {
    expect(places(environment)).toEqual(expected);
  });
});

describe('a file of variables', () => {
  it.each([
    ['[a]', '1:1 schema: A file of variables is a map of names and values such as `TAG: v1`.'],
    ['a-b: 1', "1:1 schema: `a-b` is not a variable's name: letters, digits and _, no digit first."],
    ['A: [1]', '1:1 schema: `A` must be a text, a number, true or false.'],
    ['A: {}', '1:1 schema: `A` must be a text, a number, true or false.'],
    ['A:', '1:1 schema: `A` must be a text, a number, true or false.'],
    ['FAIRLEAD_CLUSTER: x', "1:1 schema: `FAIRLEAD_CLUSTER`: names that begin with FAIRLEAD_ are Fairlead's own."],
    ['B: 1\nA: "${B}"', '2:1 schema: `A` names a variable; variables of variables there are none.'],
    ['A: 1\n---\nB: 1', '3:1 schema: A file of variables is one document.'],
    ['A: 1\nA: 2', '2:1 syntax: `A` is written twice; the first one is in line 1.'],
  ])('cannot say %j', (text, problem) => {
    expect(complaints({ 'variables.yaml': text })).toEqual([`variables.yaml:${problem}`]);
  });
});

describe("a cluster's overlay", () => {
  const base = `${WEB.replace('${TAG}', '1')}labels: { a: 1, b: 2 }\nports: [80, 81]\nenvironment: { A: 1 }`;
  const web = (patch: string) =>
    only({ 'web.yaml': base, 'clusters/demo/web.yaml': `kind: Service\nname: web\n${patch}` });

  it('merges maps, replaces lists and takes away what it has as null', () => {
    expect(web('labels: { a: null, c: 3 }')).toMatchObject({ container: { labels: { b: '2', c: '3' } } });
    expect(web('labels: { a: null, c: 3 }')).not.toMatchObject({ container: { labels: { a: '1' } } });
    expect(web('ports: [82]')).toMatchObject({ container: { ports: [{ port: 82 }] } });
    expect(web('environment: null')).toMatchObject({ container: { environment: {} } });
    expect(web('update: { strategy: recreate, monitor: null }')).toMatchObject({ update: { strategy: 'recreate' } });
  });

  it('changes nothing for other clusters', () => {
    const files = { 'web.yaml': base, 'clusters/other/web.yaml': 'kind: Service\nname: web\ninstances: 5\n---\n{{' };
    expect(only(files)).toMatchObject({ instances: 1 });
    expect(complaints(files, 'other')).toEqual([expect.stringMatching(/^clusters\/other\/web\.yaml:5:3 syntax/)]);
  });

  it('may have manifests of its own', () => {
    const files = { 'web.yaml': base, 'clusters/demo/mail.yaml': base.replace('web', 'mail') };
    expect(set(files).manifests.map(({ name }) => name)).toEqual(['mail', 'web']);
    expect(set(files, 'other').manifests.map(({ name }) => name)).toEqual(['web']);
  });

  it('says where its mistakes are, and which manifest it may have meant', () => {
    const wrong = 'kind: Service\nname: web\nlabels: { c: [] }\ninstances: -1';
    expect(complaints({ 'web.yaml': base, 'clusters/demo/a.yaml': wrong })).toEqual([
      expect.stringMatching(/^clusters\/demo\/a\.yaml:3:/),
      expect.stringMatching(/^clusters\/demo\/a\.yaml:4:12 /),
    ]);
    const unknown = 'kind: Service\nname: wbe\ninstances: 2';
    expect(complaints({ 'web.yaml': base, 'clusters/demo/a.yaml': unknown })).toContain(
      'clusters/demo/a.yaml:2:7 schema: No manifest outside of clusters/ has this kind and name, so that this is one of its own. Did you mean `web`?',
    );
  });

  it('finds environment files from where it names them', () => {
    const files = {
      'web.yaml': `${base}\nenvFile: a.env`,
      'clusters/demo/web.yaml': 'kind: Service\nname: web\nenvFile: b.env',
    };
    const asked: string[] = [];
    const readText = (path: string) => ({ text: (asked.push(path), '') });
    readManifests(
      Object.entries(files).map(([path, text]) => ({ path, text })),
      { cluster: 'demo', folder: { ...NO_FOLDER, readText } },
    );
    readManifests([{ path: 'web.yaml', text: files['web.yaml'] }], { folder: { ...NO_FOLDER, readText } });
    expect(asked).toEqual(['clusters/demo/b.env', 'a.env']);
  });
});

import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDirectory } from '../../../src/manifest/files.ts';
import { line } from './reading.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'fairlead-files-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(name: string, content: string | Buffer): void {
  mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
  writeFileSync(path.join(directory, name), content);
}
function web(files: string, more = ''): ReturnType<typeof readDirectory> {
  write('web.yaml', `kind: Service\nname: web\nimage: "web:1"\n${more}\nfiles:\n${files}\n`);
  return readDirectory(directory, { cluster: 'demo' });
}
function contentsOf(files: string): [string, unknown][] {
  const { manifests, problems } = web(files);
  expect(problems).toEqual([]);
  const [service] = manifests;
  if (service?.kind !== 'Service') return [];
  return (service.container.files ?? []).map(({ target, digest }) => {
    const entries = service.contents?.find((each) => each.digest === digest)?.entries ?? [];
    return [target, entries.map(({ content, ...entry }) => ({ ...entry, content: Buffer.from(content, 'base64') }))];
  });
}
const digests = (files: string) =>
  web(files).manifests.flatMap((each) => (each.kind === 'Service' ? (each.container.files ?? []) : []));
const problems = (files: string, more?: string) => web(files, more).problems.map(line);

describe('the files of a service', () => {
  it('come from the repository, text or bytes, or from the manifest', () => {
    write('nginx.conf', 'events {}\n');
    write('logo.png', Buffer.from([0, 255, 13, 10]));
    expect(
      contentsOf(
        '  - { source: nginx.conf, target: /etc/nginx.conf }\n  - { source: logo.png, target: /srv/logo.png, mode: 0600, uid: 33, gid: 34 }\n  - { content: "a $$b\\n", target: /etc/b }',
      ),
    ).toEqual([
      ['/etc/b', [{ path: '', mode: 0o644, uid: 0, gid: 0, content: Buffer.from('a $b\n') }]],
      ['/etc/nginx.conf', [{ path: '', mode: 0o644, uid: 0, gid: 0, content: Buffer.from('events {}\n') }]],
      ['/srv/logo.png', [{ path: '', mode: 0o600, uid: 33, gid: 34, content: Buffer.from([0, 255, 13, 10]) }]],
    ]);
  });

  it('are folders, too, with the right to execute that git keeps', () => {
    write('conf.d/a.conf', 'a');
    write('conf.d/deep/run.sh', '#!/bin/sh');
    chmodSync(path.join(directory, 'conf.d/deep/run.sh'), 0o755);
    expect(contentsOf('  - { source: conf.d/, target: /etc/conf.d/ }')).toEqual([
      [
        '/etc/conf.d',
        [
          { path: 'a.conf', mode: 0o644, uid: 0, gid: 0, content: Buffer.from('a') },
          { path: 'deep/run.sh', mode: 0o755, uid: 0, gid: 0, content: Buffer.from('#!/bin/sh') },
        ],
      ],
    ]);
  });

  it('make another digest with each change of what is in them, and with no other', () => {
    const file = '  - { source: a, target: /a }';
    write('a', 'one');
    const first = digests(file);
    expect(digests(`  - { source: ./a, target: /a/, mode: "0644" }`)).toEqual(first);
    expect(digests('  - { source: a, target: /a, mode: 600 }')).not.toEqual(first);
    write('a', 'two');
    expect(digests(file)).not.toEqual(first);
  });

  it('are no manifests, whatever they look like', () => {
    write('prometheus.yml', 'global: {}');
    write('dashboards/one.json', '{ "broken": ');
    expect(problems('  - { source: prometheus.yml, target: /a }\n  - { source: dashboards, target: /b }')).toEqual([]);
  });

  it('are found from the overlay that names them', () => {
    write('clusters/demo/web.yaml', 'kind: Service\nname: web\nfiles: [{ source: own.conf, target: /a }]');
    write('clusters/demo/own.conf', 'own');
    write('own.conf', 'common');
    expect(contentsOf('  - { source: own.conf, target: /a }')).toMatchObject([
      ['/a', [{ content: Buffer.from('own') }]],
    ]);
  });
});

describe('a mistake in files is said:', () => {
  it.each([
    ['- { source: nope, target: /a }', '6:15 unsupported: `nope` leads nowhere.'],
    [
      '- { source: ../out, target: /a }',
      '6:15 schema: `../out` is outside of the folder that holds the manifests; move it into that.',
    ],
    [
      '- { source: /etc/passwd, target: /a }',
      '6:15 schema: `/etc/passwd` is outside of the folder that holds the manifests; move it into that.',
    ],
    ['- { source: link, target: /a }', '6:15 unsupported: `link` leads out of the folder that holds the manifests.'],
    [
      '- { source: sly, target: /a }',
      '6:15 unsupported: `sly/passwd` leads out of the folder that holds the manifests.',
    ],
    ['- { source: .git/config, target: /a }', "6:15 unsupported: `.git/config` leads into git's own folder."],
    ['- { source: empty, target: /a }', '6:15 schema: There is no file below `empty`.'],
    ['- { source: large, target: /a }', '6:15 too-large: `large` is larger than 1 MiB.'],
    ['- { source: many, target: /a }', '6:15 too-large: There are more than 1000 files below `many`.'],
    [
      '- { source: a, content: b, target: /a }',
      '6:5 schema: A file has either a `source` in the repository or its `content`.',
    ],
    ['- { target: /a }', '6:5 schema: A file has either a `source` in the repository or its `content`.'],
    ['- { content: a, target: / }', '6:27 schema: A file cannot have the target /: it would hide the image.'],
    [
      '- { content: a, target: /run/fairlead/x }',
      "6:27 schema: /run/fairlead is Fairlead's own; choose another target.",
    ],
    ['- { content: a, target: /data }', '6:27 schema: Two files or mounts have the target /data; keep one of them.'],
    [
      '- { content: a, target: /a, mode: 0999 }',
      '6:37 schema: `0999` is no mode; write three octal digits such as 0644.',
    ],
    ['- { source: ., target: /a }', '6:15 schema: `.` holds the manifest itself; name a file or folder beside it.'],
    [
      '- { source: web.yaml, target: /a }',
      '6:15 schema: `web.yaml` holds the manifest itself; name a file or folder beside it.',
    ],
    [
      '- { content: a, target: /ro/b }',
      '6:27 schema: /ro/b and /ro lie one within the other, and nothing can be mounted in there.',
    ],
    [
      '- { content: a, target: /b }\n  - { content: a, target: /b/c }',
      '7:27 schema: /b/c and /b lie one within the other, and nothing can be mounted in there.',
    ],
    ['- { content: a, target: b }', expect.stringMatching(/^6:27 schema: /)],
  ])('%s', (file, problem) => {
    symlinkSync('/etc/passwd', path.join(directory, 'link'));
    mkdirSync(path.join(directory, 'sly'));
    symlinkSync('/etc/passwd', path.join(directory, 'sly/passwd'));
    write('.git/config', 'secret');
    mkdirSync(path.join(directory, 'empty'));
    write('large', Buffer.alloc(1024 * 1024 + 1));
    for (let count = 0; file.includes('many') && count < 1001; count++) write(`many/${count}`, '');
    expect(problems(`  ${file}`, 'mounts: ["data:/data", "other:/ro:ro"]')).toEqual([problem]);
  });

  it.each([
    ['data:/run/fairlead', 'A mount at /run/fairlead lies there'],
    ['data:/run/fairlead/x', 'A mount at /run/fairlead/x lies there'],
    ['/run:/run:ro', 'A read-only mount at /run holds /run/fairlead'],
  ])('a mount of %s beside them', (mount, where) => {
    expect(problems('  - { content: a, target: /a }', `mounts: ["${mount}"]`)).toEqual([
      `6:3 schema: /run/fairlead is where the files are kept. ${where}; choose another target.`,
    ]);
  });

  it('a folder that would hide where they are kept', () => {
    expect(problems('  - { content: a, target: /run }')).toEqual([
      "6:27 schema: /run/fairlead is Fairlead's own; choose another target.",
    ]);
  });

  it('but not a mount that can be written to, nor any beside no files', () => {
    expect(problems('  - { content: a, target: /a }', 'mounts: ["data:/run", "other:/run/fairlead-own"]')).toEqual([]);
    write('web.yaml', 'kind: Service\nname: web\nimage: "web:1"\nmounts: ["data:/run:ro"]');
    expect(readDirectory(directory).problems).toEqual([]);
  });

  it('more than 4 MiB together', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) write(name, Buffer.alloc(1024 * 1024));
    const files = names.map((name) => `  - { source: ${name}, target: /${name} }`);
    expect(problems(files.join('\n'))).toEqual(['6:3 too-large: The files are larger than 4 MiB together.']);
  });
});

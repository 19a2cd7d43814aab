import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clustersIn, readDirectory } from '../../../src/manifest/files.ts';

let outside: string;
let directory: string;

beforeEach(() => {
  outside = mkdtempSync(path.join(tmpdir(), 'fairlead-files-'));
  directory = path.join(outside, 'manifests');
  mkdirSync(directory);
});

afterEach(() => rmSync(outside, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
  writeFileSync(path.join(directory, file), text);
}

const manifest = (name: string, more = ''): string => `kind: Service\nname: ${name}\nimage: a:1\n${more}`;

function found(): string[] {
  const { manifests, problems } = readDirectory(directory);
  const names = manifests.map(({ name, source }) => `${name} in ${source.file}`);
  return [...names, ...problems.map(({ reason, file, message }) => `${file ?? ''} ${reason}: ${message}`)];
}

describe('the files of a folder', () => {
  it('are read anywhere below it, by their ending; dot-folders and fairlead.yaml at the top are left out', () => {
    write('a.yaml', manifest('a'));
    write('deep/er/b.yml', manifest('b'));
    write('c.json', JSON.stringify({ kind: 'Service', name: 'c', image: 'a:1' }, null, '\t'));
    write('.github/workflows/ci.yml', 'on: push');
    write('README.md', '# no manifest');
    write('fairlead.yaml', 'cluster: demo');
    expect(found()).toEqual(['a in a.yaml', 'b in deep/er/b.yml', 'c in c.json']);
  });

  it('none are there: an empty set, not a problem', () => {
    expect(readDirectory(directory)).toEqual({ manifests: [], problems: [], warnings: [] });
  });

  it('the folder itself is not there: an error, never an empty set', () => {
    expect(() => readDirectory(path.join(directory, 'absent'))).toThrow(/ENOENT/);
  });

  it('with the name of a manifest but no kind are problems, as a revision is taken whole', () => {
    write('a.yaml', manifest('a'));
    write('deep/fairlead.yaml', 'cluster: demo');
    write('deep/variables.yaml', 'a: 1');
    expect(found()).toMatchObject([
      'a in a.yaml',
      expect.stringMatching(/^deep\/fairlead.yaml schema: The host's own configuration/),
      'deep/variables.yaml schema: Variables belong in variables.yaml at the top of the folder, or in clusters/<cluster>/variables.yaml.',
    ]);
  });

  it('give environment files from the folder of the manifest, dot-files too', () => {
    write('web/.env', 'A=1');
    write('common.env', 'B=2');
    write('web/web.yaml', manifest('web', 'envFile: [.env, ../common.env]'));
    expect(readDirectory(directory).manifests).toMatchObject([{ container: { environment: { A: '1', B: '2' } } }]);
  });
});

describe('links', () => {
  it('inside the folder are read once, under the name of what they lead to', () => {
    write('real/a.yaml', manifest('a'));
    symlinkSync('real', path.join(directory, 'alias'));
    symlinkSync('real/a.yaml', path.join(directory, 'b.yaml'));
    symlinkSync('..', path.join(directory, 'real/loop'));
    expect(found()).toEqual(['a in real/a.yaml']);
  });

  describe("in a cluster's folder that lead out of that", () => {
    const instancesIn = (cluster: string) => {
      const { manifests, problems } = readDirectory(directory, { cluster });
      expect(problems).toEqual([]);
      return manifests.map((each) => (each.kind === 'Service' ? each.instances : undefined));
    };
    const link = (target: string, name: string) => {
      mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
      symlinkSync(target, path.join(directory, name));
    };
    beforeEach(() => {
      write('web.yaml', manifest('web', 'instances: ${COUNT:-1}'));
      write('clusters/us/web.yaml', 'kind: Service\nname: web\ninstances: ${COUNT:-2}');
      write('clusters/us/variables.yaml', 'COUNT: 3');
      write('.shared/web.yaml', 'kind: Service\nname: web\ninstances: 4');
    });

    it.each([
      ['../us/web.yaml', 'clusters/eu/web.yaml', 2],
      ['../us/variables.yaml', 'clusters/eu/variables.yaml', 3],
      ['us', 'clusters/eu', 3],
      ['../../.shared', 'clusters/eu/as-there', 4],
      ['../../.shared/web.yaml', 'clusters/eu/web.yaml', 4],
      ['../.shared', 'clusters/eu', 4],
    ])('to %s as %s are read as what is said of that cluster', (target, name, instances) => {
      link(target, name);
      expect(instancesIn('eu')).toEqual([instances]);
      expect(instancesIn('us')).toEqual([3]);
      expect(instancesIn('other')).toEqual([1]);
    });

    it('may stand for all of them', () => {
      rmSync(path.join(directory, 'clusters'), { recursive: true });
      write('.clusters/eu/variables.yaml', 'COUNT: 5');
      symlinkSync('.clusters', path.join(directory, 'clusters'));
      expect([instancesIn('eu'), instancesIn('us')]).toEqual([[5], [1]]);
      expect(clustersIn(directory)).toEqual(['eu']);
    });

    it('to what is above them come to an end', () => {
      link('../..', 'clusters/eu/loop');
      readDirectory(directory, { cluster: 'eu' });
    });
  });

  it('that lead out of it are refused, and what they lead to is not read', () => {
    writeFileSync(path.join(outside, 'secret.yaml'), manifest('secret'));
    mkdirSync(path.join(outside, 'elsewhere'));
    symlinkSync('../secret.yaml', path.join(directory, 'a.yaml'));
    symlinkSync(path.join(outside, 'elsewhere'), path.join(directory, 'folder'));
    symlinkSync('nowhere', path.join(directory, 'b.yaml'));
    symlinkSync('/etc/passwd', path.join(directory, 'harmless'));
    expect(found()).toEqual([
      'a.yaml unsupported: `a.yaml` is a link that leads out of the folder that holds the manifests.',
      'b.yaml unsupported: `b.yaml` is a link that leads nowhere.',
      'folder unsupported: `folder` is a link that leads out of the folder that holds the manifests.',
    ]);
  });

  it.each(['/etc/passwd', '../secret.env'])('from an envFile to %s are refused', (target) => {
    writeFileSync(path.join(outside, 'secret.env'), 'PASSWORD=x');
    symlinkSync(target, path.join(directory, 'link.env'));
    write('a.yaml', manifest('a', 'envFile: link.env'));
    const { problems } = readDirectory(directory);
    expect(problems).toMatchObject([
      { reason: 'unsupported', line: 4, message: expect.stringMatching(/leads out of the folder/) as string },
    ]);
  });

  it("from an envFile into git's own folder are refused", () => {
    write('.git/config', 'A=1');
    write('a.yaml', manifest('a', 'envFile: .git/config'));
    expect(readDirectory(directory).problems).toMatchObject([{ reason: 'unsupported', line: 4 }]);
  });
});

describe('limits', () => {
  it('on the size of a file', () => {
    write('a.yaml', `${manifest('a')}#${' '.repeat(1024 * 1024)}`);
    expect(found()).toEqual(['a.yaml too-large: `a.yaml` is larger than 1 MiB.']);
  });

  it('on the size of all of them, of which each counts once', { timeout: 60_000 }, () => {
    const names = Array.from({ length: 63 }, (_, index) => `${index}`);
    for (const name of names) write(`.files/${name}`, 'x'.repeat(1024 * 1024));
    const files = (from: number) =>
      `files: [${[0, 1, 2].map((each) => `{ source: .files/${from + each}, target: /${each} }`).join(', ')}]`;
    const services = Array.from({ length: 42 }, (_, index) => manifest(`s${index}`, files(3 * (index % 21))));
    write('a.yaml', services.join('\n---\n'));
    expect(readDirectory(directory).problems).toEqual([]);
    write('.files/more', 'x'.repeat(1024 * 1024));
    write('b.yaml', manifest('b', 'files: [{ source: .files/more, target: /a }]'));
    expect(readDirectory(directory).problems.map(({ file, message }) => `${file ?? ''}: ${message}`)).toEqual([
      'b.yaml: The manifests and their files are larger than 64 MiB together.',
    ]);
  });

  it('on how often large ones are named', { timeout: 60_000 }, () => {
    write('.files/large.env', `#${' '.repeat(1024 * 1024 - 1)}`);
    const services = Array.from({ length: 1030 }, (_, index) => manifest(`s${index}`, 'envFile: .files/large.env'));
    write('a.yaml', services.slice(0, 900).join('\n---\n'));
    write('b.yaml', services.slice(900).join('\n---\n'));
    expect(new Set(readDirectory(directory).problems.map(({ message }) => message))).toEqual(
      new Set(['The files are larger than 1 GiB together, counted each time they are named.']),
    );
  });

  it('on the number of files', { timeout: 60_000 }, () => {
    write('0.yaml', '');
    const at = (index: number) => path.join(directory, `${index}.yaml`);
    for (let index = 1; index < 10_001; index++) linkSync(at(0), at(index));
    expect(found()).toEqual([expect.stringMatching(/too-large: There are more than 10000 files of manifests/)]);
  });
});

describe('the clusters of a folder', () => {
  it('are those that it says something of, by name', () => {
    write('clusters/staging/variables.yaml', 'A: 1');
    write('clusters/eu/deep/.gitkeep', '');
    write('clusters/.hidden/a.yaml', manifest('a'));
    write('clusters/README.md', '# no cluster');
    symlinkSync('staging', path.join(directory, 'clusters/link'));
    mkdirSync(path.join(outside, 'stranger'));
    symlinkSync('../../stranger', path.join(directory, 'clusters/stranger'));
    expect(clustersIn(directory)).toEqual(['eu', 'link', 'staging']);
  });

  it('are none where there is no such folder, or a link out of it', () => {
    expect(clustersIn(directory)).toEqual([]);
    mkdirSync(path.join(outside, 'others/stranger'), { recursive: true });
    symlinkSync('../others', path.join(directory, 'clusters'));
    expect(clustersIn(directory)).toEqual([]);
  });
});

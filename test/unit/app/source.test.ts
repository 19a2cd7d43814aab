import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLastGood, readLastStatus, Source, type ManifestSet } from '../../../src/app/source.ts';
import type { Manifest, Policy } from '../../../src/core/model.ts';
import type { Problem } from '../../../src/core/reason.ts';
import { DEFAULT_POLICY } from '../../../src/manifest/policy.ts';
import { refusedNow } from '../../../src/manifest/restored.ts';
import { reportOf } from '../../support/decisions.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { service } from '../../support/manifests.ts';
import { MemoryRepository } from '../../support/memory-repository.ts';

const { signal } = new AbortController();
const problem: Problem = { layer: 'validation', reason: 'schema', message: 'no' };
const good: ManifestSet = { manifests: [service()], problems: [], warnings: [] };
const powerful: ManifestSet = {
  ...good,
  manifests: [service(), service({ name: 'root', container: { privileged: true, capAdd: ['NET_ADMIN'] } })],
};
const bad: ManifestSet = { manifests: [service({ name: 'half' })], problems: [problem], warnings: [] };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let repository: MemoryRepository;
/** What reading finds, by revision. */
let found: Map<string, ManifestSet>;
/** Of the host, when a process starts. */
let policy: Policy;
beforeEach(async () => {
  folder = await temporaryFolder();
  repository = new MemoryRepository();
  policy = DEFAULT_POLICY;
  found = new Map([
    ['good', good],
    ['powerful', powerful],
    ['bad', bad],
  ]);
});
afterEach(async () => await folder[Symbol.asyncDispose]());

function sourceOf(cluster = 'demo'): Source {
  const read = (directory: string) => {
    const set = found.get(directory);
    if (set === undefined) throw new Error(`${directory} cannot be read`);
    return set;
  };
  const refused = (manifests: readonly Manifest[]) => refusedNow(manifests, policy);
  return new Source({ repository, cluster, stateDir: join(folder.path, 'state'), read, refused });
}

async function refreshed(...revisions: string[]): Promise<Source> {
  const source = sourceOf();
  for (const revision of revisions) {
    repository.push(revision);
    await source.refresh(signal);
  }
  return source;
}

function kept({ desired }: Source): string | undefined {
  return desired && `${desired.revision.id}: ${desired.services.map((each) => each.name).join(' ')}`;
}

describe('a revision', () => {
  it('that is valid is what should be', async () => {
    const source = await refreshed('good');
    expect(kept(source)).toBe('good: web');
    expect(source).toMatchObject({ problems: [], tried: { id: 'good' } });
  });

  it('that has a problem changes nothing but what is told', async () => {
    const source = await refreshed('good', 'bad');
    expect(kept(source)).toBe('good: web');
    expect(source).toMatchObject({ problems: [problem], tried: { id: 'bad' } });
  });

  it('that has a problem is nothing to go by, also where it is the first', async () => {
    expect(kept(await refreshed('bad'))).toBeUndefined();
  });

  it('that puts it right ends the problem', async () => {
    expect(await refreshed('bad', 'good')).toMatchObject({ problems: [], tried: { id: 'good' } });
  });

  it('is read once', async () => {
    const source = await refreshed('good');
    found.clear();
    expect(await source.refresh(signal)).toBe(false);
  });

  it('that could not be read is read again', async () => {
    const source = await refreshed('good');
    repository.push('later');
    await expect(source.refresh(signal)).rejects.toThrow('later cannot be read');
    found.set('later', { ...good, manifests: [] });
    expect(await source.refresh(signal)).toBe(true);
    expect(kept(source)).toBe('later: ');
  });

  it('is not what should be where the remote cannot be reached', async () => {
    const source = await refreshed('good');
    repository.error = new Error('no route to host');
    await expect(source.refresh(signal)).rejects.toThrow('no route to host');
    expect(kept(source)).toBe('good: web');
  });
});

describe('a new process', () => {
  const restored = async (cluster?: string) => {
    const source = sourceOf(cluster);
    await source.restore();
    return source;
  };
  const file = () => join(folder.path, 'state', 'last-good.json');

  it('goes on with the last valid revision, not the last one', async () => {
    await refreshed('good', 'bad');
    const source = await restored();
    expect(kept(source)).toBe('good: web');
    expect(source.desired).toEqual((await refreshed('good')).desired);
  });

  it('holds back what the host has ceased to allow, and nothing else, until a revision is taken', async () => {
    await refreshed('powerful');
    const source = await restored();
    expect(kept(source)).toBe('powerful: root web');
    expect(source.desired?.withheld).toEqual(['root', 'root']);
    const fate = 'What runs of root goes on as it is, and nothing of it is started.';
    expect(source.problems).toMatchObject([
      {
        reason: 'policy',
        object: 'root',
        message: `The host's policy does not allow \`privileged\` (\`policy.privileged\`). ${fate}`,
      },
      { reason: 'policy', object: 'root' },
    ]);
    repository.push('bad');
    await source.refresh(signal);
    expect(source.problems.map((each) => each.reason)).toEqual(['schema', 'policy', 'policy']);
    repository.push('good');
    await source.refresh(signal);
    expect(source).toMatchObject({ problems: [], desired: { withheld: [] } });
  });

  it('holds nothing back that the host still allows', async () => {
    await refreshed('powerful');
    policy = { ...DEFAULT_POLICY, privileged: true, capabilities: ['NET_ADMIN'] };
    expect(await restored()).toMatchObject({ problems: [], desired: { withheld: [] } });
  });

  it('begins with nothing where there is none, or one of another cluster', async () => {
    expect(kept(await restored())).toBeUndefined();
    await refreshed('good');
    expect(kept(await restored('other'))).toBeUndefined();
  });

  it.each(['', '{"format":1', '{"format":2,"cluster":"demo","manifests":[]}'])(
    'begins with nothing where what is kept is not of its making: %s',
    async (text) => {
      await mkdir(join(folder.path, 'state'));
      await writeFile(file(), text);
      expect(await readLastGood(join(folder.path, 'state'), 'demo')).toBeUndefined();
    },
  );

  it('does not take what it cannot read for nothing', async () => {
    await mkdir(file(), { recursive: true });
    await expect(restored()).rejects.toThrow(`${file()} cannot be read; check its owner and permissions.`);
  });

  it('finds its manifests as nobody else can read them', async () => {
    await refreshed('good');
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file(), 'utf8'))).toMatchObject({ format: 1, cluster: 'demo' });
  });
});

describe('the status of an earlier process', () => {
  const status = reportOf({ wanted: [service()] });
  const write = async (text: string) => await writeFile(join(folder.path, 'status.json'), text);

  it('is the last one that it wrote for this cluster', async () => {
    await write(JSON.stringify(status));
    expect(await readLastStatus(folder.path, 'demo')).toEqual(status);
    expect(await readLastStatus(folder.path, 'other')).toBeUndefined();
  });

  it('is none where nothing is there, or half of it', async () => {
    expect(await readLastStatus(folder.path, 'demo')).toBeUndefined();
    await write('{"cluster":');
    expect(await readLastStatus(folder.path, 'demo')).toBeUndefined();
  });
});

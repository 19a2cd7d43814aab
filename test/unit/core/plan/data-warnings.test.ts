import { describe, expect, it } from 'vitest';
import { versionOf } from '../../../../src/core/image.ts';
import type { ContainerSpec, Mount } from '../../../../src/core/model.ts';
import { planOf } from '../../../support/decisions.ts';
import { service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const volume = (source: string, target = '/data', readOnly = false): Mount => ({
  type: 'volume',
  source,
  target,
  readOnly,
});
const folder = (source: string, readOnly = false): Mount => ({ type: 'bind', source, target: '/data', readOnly });

type Change = Partial<Pick<ContainerSpec, 'image' | 'version' | 'mounts'>>;

function db({ image = 'postgres:15.4', version = versionOf(image), mounts = [volume('data')] }: Change) {
  return service({ name: 'db', container: { image, version, mounts } });
}

/** What the plan warns of beside the gap, where the one release is to take the place of the other. */
function warnings(from: Change, to: Change): string[] {
  const [change] = planOf({ wanted: [db(to)], instances: [instanceOf(db(from))] }).changes;
  expect(change?.action).toBe('replace');
  return (change?.warnings ?? [])
    .filter(({ code }) => code !== 'gap')
    .map(({ code, message }) => `${code}: ${message}`);
}

describe('another major version', () => {
  const images = (from: string, to: string) => warnings({ image: from }, { image: to });

  it('may not read what the one before it has written', () => {
    expect(images('postgres:15.4', 'postgres:16.1')).toEqual([
      'major-version: db goes from version 15 to 16: what 15 has written to the volume demo-data may not be readable by 16; back it up, or migrate it first.',
    ]);
  });

  it.each([
    ['postgres:16-alpine', 'postgres:17-alpine', '16 to 17'],
    ['postgres:15', 'postgres:16', '15 to 16'],
    ['postgres:9.6', 'postgres:10.1', '9 to 10'],
    ['postgres:16.1', 'postgres:15.4', '16 to 15'],
    ['prom/prometheus:v2.53.0', 'prom/prometheus:v3.0.1', '2 to 3'],
    ['postgres:15', 'mirror.example.com:5000/library/postgres:16@sha256:1a2b', '15 to 16'],
  ])('is seen from %s to %s', (from, to, words) => {
    expect(images(from, to).join()).toMatch(new RegExp(`^major-version: db goes from version ${words}: `));
  });

  it.each([
    ['the same one', 'postgres:15.4', 'postgres:15.5'],
    ['a tag without a number', 'postgres:15', 'postgres:latest'],
    ['a name in the tag', 'postgres:bookworm', 'postgres:trixie'],
    ['digests only', 'postgres@sha256:15aaaaaaaaaa', 'postgres@sha256:16aaaaaaaaaa'],
    ['a date', 'db:20261120', 'db:20261121'],
    ['a commit', 'db:7e3f2a1', 'db:8b1d0e4'],
    ['the number of a build', 'db:v41', 'db:v42'],
    ['another image', 'postgres:15', 'timescaledb:16'],
  ])('is not seen in %s', (_, from, to) => {
    expect(images(from, to)).toEqual([]);
  });

  it('is what `version` says where the tag says none', () => {
    const digest = (version: string, id: string) => ({ image: `postgres@sha256:${id}`, version });
    expect(warnings(digest('15.4', 'a'), digest('16.1', 'b'))).toHaveLength(1);
    expect(warnings({ image: 'postgres:16.1', version: '7' }, { image: 'postgres:16.2', version: '8' })).toEqual([]);
  });

  it.each<[string, readonly Mount[], readonly Mount[], boolean]>([
    ['has a folder of the host', [folder('/srv/db')], [folder('/srv/db')], true],
    ['has its volume at another path', [volume('data', '/a')], [volume('data', '/b')], true],
    ['has no data', [], [], false],
    ['only reads', [folder('/srv/db', true)], [folder('/srv/db', true)], false],
    ['has had no data before', [], [volume('data')], false],
    ['leaves its data behind', [folder('/srv/15')], [folder('/srv/16')], false],
  ])('matters where the service %s: %#', (_, before, after, matters) => {
    const found = warnings({ mounts: before }, { image: 'postgres:16.1', mounts: after });
    expect(found).toHaveLength(matters ? 1 : 0);
  });

  it('names all that was written to', () => {
    const mounts = [volume('data'), { ...folder('/srv/wal'), target: '/wal' }];
    const [words] = warnings({ mounts }, { image: 'postgres:16', mounts });
    expect(words).toContain('what 15 has written to the volume demo-data and the folder /srv/wal may');
  });
});

describe('a volume', () => {
  const mounts = (before: readonly Mount[], after: readonly Mount[]) => warnings({ mounts: before }, { mounts: after });

  it('of another name begins empty', () => {
    expect(mounts([volume('data')], [volume('data16')])).toEqual([
      'changed-volume: db has another volume at /data: demo-data16 begins empty unless it exists already, and the data stay in demo-data; copy them first, or mount `data` again.',
    ]);
  });

  it('that is mounted no more keeps its data', () => {
    const expected =
      'changed-volume: db does not mount the volume demo-data any more: the data of /data stay there; copy them first, or mount `data` again.';
    expect(mounts([volume('data')], [])).toEqual([expected]);
    expect(mounts([volume('data')], [folder('/srv/db')])).toEqual([expected]);
  });

  it('is one like another where its path stays and its name does not', () => {
    const before = [volume('data', '/a'), volume('log', '/b')];
    expect(mounts(before, [volume('log', '/a'), volume('data', '/b')])).toHaveLength(2);
  });

  it.each<[string, readonly Mount[], readonly Mount[]]>([
    ['another path', [volume('data', '/a')], [volume('data', '/b')]],
    ['another right', [volume('data')], [volume('data', '/data', true)]],
    ['another one beside it', [volume('data')], [volume('data'), volume('log', '/log')]],
  ])('with %s is the same', (_, before, after) => {
    expect(mounts(before, after)).toEqual([]);
  });

  it('is left behind by a new major version without a word on what that can read', () => {
    const found = warnings({ mounts: [volume('data15')] }, { image: 'postgres:16', mounts: [volume('data16')] });
    expect(found.map((each) => each.split(':')[0])).toEqual(['changed-volume']);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readDirectory } from '../../../src/manifest/files.ts';
import { DEFAULT_POLICY } from '../../../src/manifest/policy.ts';
import { line } from './reading.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const EXAMPLES = path.join(ROOT, 'examples');
const read = (directory: string): ReturnType<typeof readDirectory> =>
  readDirectory(path.join(EXAMPLES, directory), {
    policy: DEFAULT_POLICY,
    balancerPorts: [
      { port: 80, setting: 'balancer.http' },
      { port: 443, setting: 'balancer.http' },
    ],
  });

describe('the examples', () => {
  const directories = readdirSync(EXAMPLES).filter((name) => name !== 'seeds' && name !== 'compose');

  it.each([...directories, 'seeds/adapted'])(
    '%s has no problem and no warning, on a host with the default policy',
    (directory) => {
      const { manifests, problems, warnings } = read(directory);
      expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
      expect(manifests.length).toBeGreaterThan(0);
    },
  );

  it('agree with the schema that they name for editors', () => {
    const ajv = new Ajv2020({ strict: false });
    for (const name of ['common', 'workload', 'service', 'load-balancer', 'job', 'manifest']) {
      ajv.addSchema(
        JSON.parse(readFileSync(path.join(ROOT, `schemas/${name}.schema.json`), 'utf8')) as object,
        `${name}.schema.json`,
      );
    }
    for (const file of manifestFiles(EXAMPLES)) {
      const text = readFileSync(file, 'utf8');
      // Editors know nothing of variables and overlays.
      if (/\$\{|^[A-Z_]+:/m.test(text) || file.includes('/clusters/')) continue;
      for (const [, named = ''] of text.matchAll(/\$schema=(\S+)/g)) {
        expect(path.join(path.dirname(file), named)).toBe(path.join(ROOT, 'schemas/manifest.schema.json'));
      }
      for (const document of parseAllDocuments(text)) {
        expect(ajv.validate('manifest.schema.json', document.toJS()), `${file}: ${ajv.errorsText()}`).toBe(true);
      }
    }
  });
});

describe("the seeds' own documents, with `kind: Service` in front", () => {
  it("Halti's loads as it stands", () => {
    const { manifests, problems } = read('seeds/verbatim/halti');
    expect(problems).toEqual([]);
    expect(manifests).toMatchObject([
      {
        name: 'hello-world-service',
        resources: { cpu: 0.1, memory: 128 * 1024 ** 2 },
        container: { command: ['httpd', '-f', '-vv', '-p', '8080'] },
      },
    ]);
  });

  it("CloudFlow's gives one problem for each of its own names", () => {
    expect(read('seeds/verbatim/cloudflow').problems.map(line)).toEqual([
      '1:1 schema: `name` is missing. Unique among the services of the cluster; other services reach it by this name. At most 32 characters.',
      '3:5 schema: `container-tag` is not a field of a Service. Did you mean the tag at the end of `image`, or `version`?',
      '4:5 schema: `memory-reservation` is not a field of a Service. Did you mean `memory`?',
      '5:5 schema: `memory-limit` is not a field of a Service. Did you mean `limits.memory`?',
      '6:5 schema: `container-port` is not a field of a Service. Did you mean `ports`?',
    ]);
  });

  it("paz's give one problem for each of its own names, and take its ports and its glob", () => {
    const { problems } = read('seeds/verbatim/paz');
    expect(problems.filter(({ file }) => file === 'contrived-service-1.json').map(line)).toEqual([
      '5:3 schema: `dockerImage` is not a field of a Service. Did you mean `image`?',
      '12:3 unsupported: `autoDeploy` is not there yet: automatic deployment of new tags (`autoDeploy`) will come with a later version.',
      '13:3 schema: `numInstances` is not a field of a Service. Did you mean `instances`?',
    ]);
    expect(problems.filter(({ file }) => file === 'demo-api.json').map(line)).toEqual([
      '1:89 schema: `dockerRepository` is not a field of a Service. Did you mean `image`?',
      '1:128 schema: `loadBalanced` is not a field of a Service. Did you mean a LoadBalancer that leads to it?',
      '1:149 schema: `publicFacing` is not a field of a Service. Did you mean a LoadBalancer that leads to it?',
    ]);
  });
});

/** Beside the examples from Compose are the originals and files of containers. */
function manifestFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(?:ya?ml|json)$/.test(file) && !file.startsWith('seeds/verbatim'))
    .map((file) => path.join(directory, file))
    .filter((file) => !file.includes('/compose/') || /\$schema=/.test(readFileSync(file, 'utf8')));
}

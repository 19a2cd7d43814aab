import { expect } from 'vitest';
import type { LoadBalancer } from '../../../src/core/load-balancer.ts';
import type { Service } from '../../../src/core/model.ts';
import type { Problem } from '../../../src/core/reason.ts';
import { readManifests } from '../../../src/manifest/read.ts';
import type { ManifestSet, ReadOptions } from '../../../src/manifest/read.ts';

/** Reads one text as the file `web.yaml`. */
export function read(text: string, options?: ReadOptions): ManifestSet {
  return readManifests([{ path: 'web.yaml', text }], options);
}

/** The services of a text that has no problem. */
function services(text: string, options?: ReadOptions): Service[] {
  const { manifests, problems } = read(text, options);
  expect(problems).toEqual([]);
  return manifests.filter((manifest) => manifest.kind === 'Service');
}

/** The one service of a text that gives further fields to `kind`, `name` and `image`. */
export function service(fields: string, options?: ReadOptions): Service {
  const [found] = services(`kind: Service\nname: web\nimage: registry.example.com/web:v1\n${fields}`, options);
  if (found === undefined) throw new Error('the text has no service');
  return found;
}

export function loadBalancer(fields: string): LoadBalancer {
  const text = `kind: LoadBalancer\nname: web\nservice: web\nport: 80\n${fields}\n---\nkind: Service\nname: web\nimage: a/web:v1\nports: [80]`;
  const { manifests, problems } = read(text);
  expect(problems).toEqual([]);
  const found = manifests.find((manifest) => manifest.kind === 'LoadBalancer');
  if (found === undefined) throw new Error('the text has no load balancer');
  return found;
}

/** A problem as a line of text: place, reason and message. */
export function line({ line, column, reason, message }: Problem): string {
  return `${line ?? 0}:${column ?? 0} ${reason}: ${message}`;
}

export function problems(text: string, options?: ReadOptions): string[] {
  return read(text, options).problems.map(line);
}

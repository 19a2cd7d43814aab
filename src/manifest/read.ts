import type { Manifest, Policy } from '../core/model.ts';
import type { Problem, Warning } from '../core/reason.ts';
import { crossCheck } from './cross-check.ts';
import type { ReadManifest } from './cross-check.ts';
import { parseDocuments } from './document.ts';
import type { SourceFile } from './document.ts';
import type { ReadText } from './environment.ts';
import { explain } from './explain.ts';
import { kindOf } from './kind.ts';
import { loadBalancer } from './load-balancer.ts';
import { checkPolicy } from './policy.ts';
import { Reading } from './reading.ts';
import type { LoadBalancerDocument, ServiceDocument } from './schema.generated.ts';
import { service } from './service.ts';
import { refuseVariables } from './variables.ts';
import { validate } from './validators.ts';
import { LOAD_BALANCER } from './load-balancer-words.ts';
import { SERVICE } from './service-words.ts';

export interface ManifestSet {
  /** Ordered by kind and name; only to be used where there are no problems. */
  readonly manifests: readonly Manifest[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Warning[];
}

export interface ReadOptions {
  /** Adds a problem with the reason `policy` for all that it does not allow. */
  readonly policy?: Policy;
  /** Host ports that are the load balancer's, whether a manifest of today needs one or not. */
  readonly balancerPorts?: readonly number[];
  /** Finds the files that `envFile` names; without it there are none. */
  readonly readText?: ReadText;
}

/** Reads manifests out of the texts of files, and checks each one and all together. Pure; files with no manifest at all give an empty set. */
export function readManifests(files: readonly SourceFile[], options: ReadOptions = {}): ManifestSet {
  const parsed = files.map(parseDocuments);
  const readings = parsed.flatMap(({ documents }) => documents.map((document) => new Reading(document)));
  const understood: ReadManifest[] = [];
  const broken = new Set<string>();
  for (const reading of readings) {
    const manifest = readManifest(reading, options.readText ?? noText);
    if (manifest !== undefined) understood.push({ reading, manifest });
    else if (reading.name !== undefined) broken.add(reading.name);
  }
  const problems = parsed.flatMap((file) => file.problems);
  crossCheck(understood, { broken, isComplete: problems.length === 0, balancerPorts: options.balancerPorts ?? [] });
  if (options.policy !== undefined) for (const entry of understood) checkPolicy(entry, options.policy);
  return {
    manifests: understood.map(({ manifest }) => manifest).sort(byKindAndName),
    problems: inOrder([...problems, ...readings.flatMap((reading) => reading.problems)]),
    warnings: inOrder(readings.flatMap((reading) => reading.warnings)),
  };
}

function readManifest(reading: Reading, readText: ReadText): Manifest | undefined {
  const { value } = reading.document;
  const kind = kindOf(reading);
  if (kind !== undefined) refuseVariables(reading);
  switch (kind) {
    case 'Service':
      explain(reading, validate('service', value), 'service', SERVICE);
      return reading.problems.length > 0 ? undefined : service(reading, value as ServiceDocument, readText);
    case 'LoadBalancer':
      explain(reading, validate('loadBalancer', value), 'load-balancer', LOAD_BALANCER);
      return reading.problems.length > 0 ? undefined : loadBalancer(reading, value as LoadBalancerDocument);
    case undefined:
      return undefined;
  }
}

function noText(path: string): ReturnType<ReadText> {
  return { reason: 'schema', message: `There is no file \`${path}\`.` };
}

function byKindAndName(a: Manifest, b: Manifest): number {
  return compare(`${a.kind}/${a.name}`, `${b.kind}/${b.name}`);
}

function inOrder<T extends Problem | Warning>(found: readonly T[]): T[] {
  return [...found].sort(
    (a, b) => compare(a.file ?? '', b.file ?? '') || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

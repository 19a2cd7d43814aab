import type { Manifest, Policy } from '../core/model.ts';
import type { Problem, Warning } from '../core/reason.ts';
import { collect } from './collect.ts';
import { crossCheck } from './cross-check.ts';
import type { BalancerPort, ReadManifest } from './cross-check.ts';
import type { SourceFile } from './document.ts';
import { NO_FOLDER, type Folder } from './folder.ts';
import { explain } from './explain.ts';
import { JOB } from './job-words.ts';
import { job } from './job.ts';
import { kindOf } from './kind.ts';
import { loadBalancer } from './load-balancer.ts';
import { nearest } from './names.ts';
import { clusterOf } from './overlay.ts';
import { checkPolicy } from './policy.ts';
import { Reading } from './reading.ts';
import type { JobDocument, LoadBalancerDocument, ServiceDocument } from './schema.generated.ts';
import { service } from './service.ts';
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
  /** Whose variables and overlay count; default: `default`. */
  readonly cluster?: string;
  /** Adds a problem with the reason `policy` for all that it does not allow. */
  readonly policy?: Policy;
  /** Host ports that are the load balancer's, whether a manifest of today needs one or not. */
  readonly balancerPorts?: readonly BalancerPort[];
  /** Where the files are that manifests name; without it there are none. */
  readonly folder?: Folder;
}

/** Reads manifests out of the texts of files, and checks each one and all together. Pure; files with no manifest at all give an empty set. */
export function readManifests(files: readonly SourceFile[], options: ReadOptions = {}): ManifestSet {
  const { documents, problems } = collect(files, options.cluster ?? 'default');
  const readings = documents.map((document) => new Reading(document));
  const understood: ReadManifest[] = [];
  const broken = new Set<string>();
  for (const reading of readings) {
    const manifest = readManifest(reading, options.folder ?? NO_FOLDER);
    if (manifest !== undefined) understood.push({ reading, manifest });
    else if (reading.name !== undefined) broken.add(reading.name);
    if (manifest === undefined) explainAddition(reading, readings);
  }
  crossCheck(understood, { broken, isComplete: problems.length === 0, balancerPorts: options.balancerPorts ?? [] });
  if (options.policy !== undefined) for (const entry of understood) checkPolicy(entry, options.policy);
  return {
    manifests: understood.map(({ manifest }) => manifest).sort(byKindAndName),
    problems: inOrder([...problems, ...readings.flatMap((reading) => reading.problems)]),
    warnings: inOrder(readings.flatMap((reading) => reading.warnings)),
  };
}

function readManifest(reading: Reading, folder: Folder): Manifest | undefined {
  const { value } = reading.document;
  switch (kindOf(reading)) {
    case 'Service':
      explain(reading, validate('service', value), 'service', SERVICE);
      return reading.problems.length > 0 ? undefined : service(reading, value as ServiceDocument, folder);
    case 'LoadBalancer':
      explain(reading, validate('loadBalancer', value), 'load-balancer', LOAD_BALANCER);
      return reading.problems.length > 0 ? undefined : loadBalancer(reading, value as LoadBalancerDocument);
    case 'Job':
      explain(reading, validate('job', value), 'job', JOB);
      return reading.problems.length > 0 ? undefined : job(reading, value as JobDocument, folder);
    case undefined:
      return undefined;
  }
}

/** What is wrong with an overlay is often that the manifest it is to change has another name. */
function explainAddition(reading: Reading, readings: readonly Reading[]): void {
  if (reading.name === undefined || clusterOf(reading.document.file) === undefined) return;
  const meant = nearest(
    reading.name,
    readings.flatMap((other) => (other === reading ? [] : (other.name ?? []))),
  );
  const advice = meant === undefined ? '' : ` Did you mean \`${meant}\`?`;
  const message = `No manifest outside of clusters/ has this kind and name, so that this is one of its own.${advice}`;
  reading.complain(['name'], message);
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

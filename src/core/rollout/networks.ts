import type { DesiredState } from '../desire.ts';
import type { ObservedBalancer, ObservedRuntime } from '../observed.ts';
import type { Step } from './steps.ts';

/** Networks that are not there, or not whole, of those that manifests name, or that somebody is on who may be gone back to. */
export function missingNetworks(desired: DesiredState, runtime: ObservedRuntime): string[] {
  const there = new Set(runtime.networks);
  const running = new Set(desired.services.filter((each) => each.instances > 0).map(({ name }) => name));
  const own = runtime.instances.filter(({ service }) => running.has(service));
  const wanted = new Set([...desired.networks, ...own.flatMap(({ spec }) => spec?.networks ?? [])]);
  return [...wanted].filter((name) => !there.has(name));
}

/** Makes the networks that are missing, and removes those that neither a manifest nor a container is left for. */
export function networkSteps(desired: DesiredState, runtime: ObservedRuntime, balancer: ObservedBalancer): Step[] {
  const names = missingNetworks(desired, runtime);
  if (names.length > 0) return [{ do: 'networks', names }];
  const existing = [...runtime.networks, ...runtime.partialNetworks];
  const keep = new Set(desired.networks);
  for (const { spec } of [...runtime.instances, ...runtime.runs])
    for (const name of spec?.networks ?? existing) keep.add(name);
  if (balancer.state !== 'absent') keep.add('default');
  return existing.every((name) => keep.has(name)) ? [] : [{ do: 'prune-networks', keep: [...keep] }];
}

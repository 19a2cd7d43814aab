import type { DesiredState } from '../desire.ts';
import type { ObservedBalancer, ObservedRuntime } from '../observed.ts';
import type { Step } from './steps.ts';

/** Makes the networks that are missing, and removes those that neither a manifest nor a container is left for. */
export function networkSteps(desired: DesiredState, runtime: ObservedRuntime, balancer: ObservedBalancer): Step[] {
  const there = new Set(runtime.networks);
  const names = desired.networks.filter((name) => !there.has(name));
  if (names.length > 0) return [{ do: 'networks', names }];
  const keep = new Set(desired.networks);
  for (const { spec } of runtime.instances) for (const name of spec?.networks ?? there) keep.add(name);
  if (balancer.state !== 'absent') keep.add('default');
  return runtime.networks.every((name) => keep.has(name)) ? [] : [{ do: 'prune-networks', keep: [...keep] }];
}

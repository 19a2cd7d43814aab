import type { FetchedImage } from '../housekeeping/images.ts';
import type { PullPolicy, Resources, RestartPolicy } from '../model.ts';
import type { Instance, Run } from '../observed.ts';
import type { SlotSpec } from '../ports.ts';
import type { RoutingTable } from '../routing.ts';

/** One thing to do now. Pulls, stops and restarts may take long: they run beside the passes, one at a time an object. */
export type Step =
  | {
      readonly do: 'pull';
      readonly service: string;
      readonly release: string;
      readonly image: string;
      readonly policy: PullPolicy;
    }
  | { readonly do: 'networks'; readonly names: readonly string[] }
  | { readonly do: 'prune-networks'; readonly keep: readonly string[] }
  | { readonly do: 'prune-files'; readonly names: readonly string[] }
  | { readonly do: 'prune-images'; readonly images: readonly FetchedImage[] }
  | { readonly do: 'ensure' | 'prepare'; readonly slot: SlotSpec }
  | { readonly do: 'start'; readonly instance: Run }
  | { readonly do: 'end'; readonly instance: Run; readonly because: string }
  | { readonly do: 'unpause' | 'remove' | 'restart'; readonly instance: Instance; readonly because: string }
  | { readonly do: 'stop'; readonly instance: Instance; readonly mark: boolean; readonly because: string }
  | {
      readonly do: 'update';
      readonly instance: Instance;
      readonly resources?: Resources;
      readonly restart?: RestartPolicy | 'no';
    }
  | { readonly do: 'discover'; readonly instance: Instance; readonly discoverable: boolean }
  | { readonly do: 'route'; readonly table: RoutingTable }
  | { readonly do: 'remove-balancer' };

/** The object that a step works on; two steps on one object never run side by side. */
export function objectOf(step: Step): string {
  switch (step.do) {
    case 'pull':
      return `${step.service}@${step.release}`;
    case 'networks':
      return 'networks';
    case 'prune-networks':
      return 'spare networks';
    case 'prune-files':
      return 'spare files';
    case 'prune-images':
      return 'spare images';
    case 'ensure':
    case 'prepare':
      return `${step.slot.service}@${step.slot.release}/${step.slot.slot}`;
    case 'route':
    case 'remove-balancer':
      return 'balancer';
    case 'start':
    case 'end':
    case 'unpause':
    case 'remove':
    case 'restart':
    case 'stop':
    case 'update':
    case 'discover':
      return objectOfInstance(step.instance);
  }
}

export function objectOfInstance(instance: { service: string; release: string; slot: number }): string {
  return `${instance.service}@${instance.release}/${instance.slot}`;
}

/** The service that a failure of the step is charged to. */
export function serviceOf(step: Step): string | undefined {
  switch (step.do) {
    case 'pull':
      return step.service;
    case 'ensure':
    case 'prepare':
      return step.slot.service;
    case 'networks':
    case 'prune-networks':
    case 'prune-files':
    case 'prune-images':
    case 'route':
    case 'remove-balancer':
      return undefined;
    case 'start':
    case 'end':
    case 'unpause':
    case 'remove':
    case 'restart':
    case 'stop':
    case 'update':
    case 'discover':
      return step.instance.service;
  }
}

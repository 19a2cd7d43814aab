import type { Progress } from '../core/rollout/progress.ts';
import type { Step } from '../core/rollout/steps.ts';

/** An event, as the journal takes it. */
export type Description = readonly [type: string, object: string, message: string];

/** Routes that one event names. */
const SHOWN = 10;

/** A step in the words of the events. */
export function describe(step: Step, phase: 'begun' | 'done'): Description {
  switch (step.do) {
    case 'pull':
      return phase === 'begun'
        ? ['pulling', step.service, `pulling ${step.image}`]
        : ['pulled', step.service, `pulled ${step.image}`];
    case 'networks':
      return ['network', 'cluster', `made the networks ${step.names.join(', ')}`];
    case 'prune-networks':
      return ['network', 'cluster', 'removed networks that nothing uses'];
    case 'prune-files':
      return ['files', 'cluster', 'removed files that nothing uses'];
    case 'prune-images':
      return ['images', 'cluster', `removed images that nothing needs: ${imageNames(step)}`];
    case 'ensure':
      return [
        'started',
        step.slot.service,
        `started ${step.slot.service}@${step.slot.release}, instance ${step.slot.slot}`,
      ];
    case 'prepare': {
      const { service, release, slot } = step.slot;
      return ['made', service, `made ${service}@${release}, run ${slot}: it begins when it is due`];
    }
    case 'start': {
      const { service, release, slot } = step.instance;
      return ['started', service, `started ${service}@${release}, run ${slot}`];
    }
    case 'unpause':
      return ['resumed', step.instance.service, `resumed ${step.instance.name}: ${step.because}`];
    case 'remove':
      return ['removed', step.instance.service, `removed ${step.instance.name}: ${step.because}`];
    case 'restart':
      return [
        'restarted',
        step.instance.service,
        `${phase === 'begun' ? 'restarting' : 'restarted'} ${step.instance.name}: ${step.because}`,
      ];
    case 'end':
    case 'stop':
      return [
        'stopped',
        step.instance.service,
        `${phase === 'begun' ? 'stopping' : 'stopped'} ${step.instance.name}: ${step.because}`,
      ];
    case 'update':
      return ['updated', step.instance.service, `updated ${step.instance.name} in place: ${changed(step)}`];
    case 'discover': {
      const { service, name } = step.instance;
      return step.discoverable
        ? ['registered', service, `${name} answers to the name ${service}`]
        : ['deregistered', service, `${name} no longer answers to the name ${service}`];
    }
    case 'route':
      return ['routed', 'balancer', routed(step)];
    case 'remove-balancer':
      return ['removed', 'balancer', 'removed the balancer: nothing needs it'];
  }
}

/** Where a service has got to: a release that was rolled back is no steady state. */
export function describeArrival({ view: { name }, verdict, target, desired }: Progress): Description {
  if (!verdict.quarantined) return ['steady', name, `${name} has reached a steady state`];
  return ['rolled-back', name, `${name}@${desired.release} failed; ${name}@${target.release} serves on`];
}

function changed(step: Extract<Step, { do: 'update' }>): string {
  const parts = [step.resources && 'limits', step.restart && `restart ${step.restart}`];
  return parts.filter(Boolean).join(', ');
}

function imageNames({ images }: Extract<Step, { do: 'prune-images' }>): string {
  return images.flatMap(({ id, references }) => (references.length === 0 ? [id] : references)).join(', ');
}

function routed({ table }: Extract<Step, { do: 'route' }>): string {
  const routes = table.routes.map((route) => {
    const { set, members } = route.pools[route.active];
    const active = members.filter((each) => each.state === 'active').length;
    const draining = [...route.pools.a.members, ...route.pools.b.members].filter(
      (each) => each.state === 'draining',
    ).length;
    return `${route.loadBalancer} to ${active} of ${set}${draining > 0 ? `, ${draining} draining` : ''}`;
  });
  if (routes.length === 0) return 'told the balancer whom to check; it leads nowhere';
  const more = routes.length - SHOWN;
  return `routed ${routes.slice(0, SHOWN).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

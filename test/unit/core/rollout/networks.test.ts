import { describe, expect, it } from 'vitest';
import type { Instance } from '../../../../src/core/observed.ts';
import { networkSteps } from '../../../../src/core/rollout/networks.ts';
import type { Step } from '../../../../src/core/rollout/steps.ts';
import { decisionOf, desiredBy, stateOf, type Situation } from '../../../support/decisions.ts';
import { service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const web = service({ update: { strategy: 'recreate' } });

function networkStepsOf(situation: Omit<Situation, 'wanted'>): Step[] {
  const { runtime, balancer } = stateOf(situation);
  return networkSteps(desiredBy({ wanted: [web] }), runtime, balancer);
}

describe('networks that no manifest names', () => {
  const keep = ['default'];

  it('are removed, also what is left of them', () => {
    expect(networkStepsOf({ networks: ['default'] })).toEqual([]);
    expect(networkStepsOf({ networks: ['default', 'aside'] })).toEqual([{ do: 'prune-networks', keep }]);
    expect(networkStepsOf({ partialNetworks: ['aside'] })).toEqual([{ do: 'prune-networks', keep }]);
  });

  it('stay while there is a container that may be on any', () => {
    const { spec: _, ...unreadable }: Instance = instanceOf(web, 1);
    expect(networkStepsOf({ instances: [unreadable], partialNetworks: ['aside'] })).toEqual([]);
  });
});

describe('networks that manifests name', () => {
  it('are made where only a part of them is there', () => {
    const names = ['default'];
    expect(networkStepsOf({ networks: [], partialNetworks: ['default'] })).toEqual([{ do: 'networks', names }]);
  });

  it('end no instance before they are there, one that was changed from outside neither', () => {
    const instances = [instanceOf(web, 1, { deviations: ['it is off its network'] })];
    const ends = (networks: string[]) =>
      decisionOf({ wanted: [web], instances, networks }).steps.map((step) => step.do);
    expect(ends(['default'])).not.toEqual([]);
    expect(ends([])).toEqual([]);
  });
});

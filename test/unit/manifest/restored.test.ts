import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../../src/manifest/policy.ts';
import { refusedNow, withheldBy } from '../../../src/manifest/restored.ts';
import { loadBalancer, service } from '../../support/manifests.ts';

test('a policy that has become narrower holds back a service, and says so', () => {
  const privileged = service({ container: { privileged: true } });
  const problems = refusedNow([privileged], DEFAULT_POLICY);
  expect(problems).toMatchObject([{ reason: 'policy', object: 'web' }]);
  expect(problems[0]?.message).toContain('What runs of web goes on as it is');
  expect(withheldBy(problems)).toEqual(['web']);
});

test('a load balancer that may not have its address any more holds back no service of its name', () => {
  const problems = refusedNow([service(), loadBalancer({ externalIPs: ['192.0.2.7'] })], DEFAULT_POLICY);
  expect(problems).toMatchObject([{ reason: 'address-not-allowed', object: 'web' }]);
  expect(withheldBy(problems)).toEqual([]);
});

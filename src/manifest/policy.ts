import type { LoadBalancer } from '../core/load-balancer.ts';
import type { Job, Policy, Service } from '../core/model.ts';
import { isWithin } from './cidr.ts';
import type { ReadManifest } from './cross-check.ts';
import { matches } from './glob.ts';
import { imageNames } from './image.ts';
import type { Path } from './path.ts';
import type { Reading } from './reading.ts';

/** What a host allows that says nothing: any image, and nothing that gives the host away. */
export const DEFAULT_POLICY: Policy = {
  images: ['**'],
  bindMounts: [],
  privileged: false,
  hostNetwork: false,
  capabilities: [],
  devices: [],
  hostPorts: { from: 1024, to: 65535 },
  externalIPs: [],
};

function checkAddresses(reading: Reading, { externalIPs = [] }: LoadBalancer, policy: Policy): void {
  for (const address of externalIPs.filter((each) => !isWithin(each, policy.externalIPs)))
    reading.complain(
      ['externalIPs'],
      `The host's policy does not allow the address ${address} (\`policy.externalIPs\`).`,
      {
        reason: 'address-not-allowed',
      },
    );
}

interface Refusal {
  readonly path: Path;
  readonly message: string;
}

/** Adds one problem with the reason `policy` for each thing that a manifest asks of the host and does not get. */
export function checkPolicy({ reading, manifest }: ReadManifest, policy: Policy): void {
  if (manifest.kind === 'LoadBalancer') {
    checkAddresses(reading, manifest, policy);
    return;
  }
  const refusals = [
    ...images(manifest, policy),
    ...bindMounts(reading, manifest, policy),
    ...hostPorts(reading, manifest, policy),
    ...rights(manifest, policy),
    ...devices(reading, manifest, policy),
  ];
  for (const { path, message } of refusals)
    reading.complain(path, `The host's policy does not allow ${message}.`, { reason: 'policy' });
}

function images({ container: { image } }: Service | Job, policy: Policy): Refusal[] {
  const isAllowed = policy.images.some((glob) => imageNames(image).some((name) => matches(glob, name)));
  return isAllowed ? [] : [{ path: ['image'], message: `the image ${image} (\`policy.images\`)` }];
}

/** Reading the host's files gives it away as writing them does, so read-only mounts need to be allowed too. */
function bindMounts(reading: Reading, { container }: Service | Job, policy: Policy): Refusal[] {
  return container.mounts.flatMap((mount) => {
    if (mount.type !== 'bind' || policy.bindMounts.some((glob) => matches(glob, mount.source))) return [];
    return [{ path: reading.pathOf(mount), message: `the bind mount of ${mount.source} (\`policy.bindMounts\`)` }];
  });
}

function hostPorts(reading: Reading, { container }: Service | Job, policy: Policy): Refusal[] {
  const { from, to } = policy.hostPorts;
  return container.ports.flatMap((port) => {
    if (port.hostPort === undefined || (port.hostPort >= from && port.hostPort <= to)) return [];
    return [
      {
        path: reading.pathOf(port),
        message: `host port ${port.hostPort}, only ${from} to ${to} (\`policy.hostPorts\`)`,
      },
    ];
  });
}

function rights({ container }: Service | Job, policy: Policy): Refusal[] {
  const refusals: Refusal[] = [];
  if (container.privileged && !policy.privileged) {
    refusals.push({ path: ['privileged'], message: '`privileged` (`policy.privileged`)' });
  }
  for (const capability of container.capAdd) {
    if (policy.capabilities.includes(capability) || policy.capabilities.includes('ALL')) continue;
    refusals.push({ path: ['capAdd'], message: `the capability ${capability} (\`policy.capabilities\`)` });
  }
  for (const option of container.securityOpt) {
    if (policy.privileged || /^no-new-privileges(?::true)?$/.test(option)) continue;
    refusals.push({ path: ['securityOpt'], message: `the security option ${option} (\`policy.privileged\`)` });
  }
  return refusals;
}

function devices(reading: Reading, { container }: Service | Job, policy: Policy): Refusal[] {
  const refusals = container.devices
    .filter(({ source }) => !policy.devices.some((glob) => matches(glob, source)))
    .map((device) => ({ path: reading.pathOf(device), message: `the device ${device.source} (\`policy.devices\`)` }));
  if (container.gpus === undefined || policy.devices.includes('gpu')) return refusals;
  return [...refusals, { path: ['gpus'], message: '`gpus` (`policy.devices` names no `gpu`)' }];
}

import type { LoadBalancer } from '../core/load-balancer.ts';
import type { Manifest, PortRange, Service } from '../core/model.ts';
import { layerOf, type Problem } from '../core/reason.ts';

/** What the host's balancer can do; from the host's own configuration. */
export interface BalancerAbility {
  readonly enabled: 'auto' | boolean;
  /** The port that requests come by; 0: off. */
  readonly http: number;
  /** The port that requests come by TLS by; 0: off. */
  readonly https: number;
  /** Folder of certificates on the host; absent: there is none. */
  readonly certificates?: string;
  /** Ports on which connections may be taken; absent: none. */
  readonly tcp?: PortRange;
  /** Address of the host that it listens on. */
  readonly bind: string;
  /** On a bridge it reaches the cluster's own network alone. */
  readonly network: 'host' | 'bridge';
}

/** Manifests that need more of the balancer than this host has: they would wait for ever. */
export function checkBalancer(manifests: readonly Manifest[], ability: BalancerAbility): Problem[] {
  const services = manifests.filter((each) => each.kind === 'Service');
  const loadBalancers = manifests.filter((each) => each.kind === 'LoadBalancer').filter((each) => each.enabled);
  if (ability.enabled === false) return [...loadBalancers, ...services.filter(isCheckedByHttp)].map(withoutBalancer);
  const unreachable = loadBalancers.flatMap((each) => unreachableBy(each, ability));
  if (ability.network === 'host') return unreachable;
  const unsafe = ability.bind.includes(':') ? loadBalancers.filter(hasAllowList).map(withoutAddresses) : [];
  const routed = new Set(loadBalancers.flatMap(({ backends }) => backends.map(({ service }) => service)));
  const checked = services.filter((each) => isCheckedByHttp(each) || routed.has(each.name));
  return [
    ...unreachable,
    ...unsafe,
    ...checked.filter((each) => !each.container.networks.includes('default')).map(outOfReach),
  ];
}

function isCheckedByHttp(service: Service): boolean {
  return service.enabled && service.healthCheck?.http !== undefined;
}

function withoutBalancer(manifest: Service | LoadBalancer): Problem {
  const need = manifest.kind === 'Service' ? 'its http health check' : 'it';
  return problem(
    manifest,
    `${manifest.kind} ${manifest.name}: ${need} needs the balancer, which this host has turned off (\`balancer.enabled: false\`).`,
  );
}

function unreachableBy(loadBalancer: LoadBalancer, ability: BalancerAbility): Problem[] {
  const { listen, entry, tls, externalIPs } = loadBalancer;
  const { tcp, network, certificates } = ability;
  if (externalIPs !== undefined && network !== 'host') return [withoutOwnAddress(loadBalancer)];
  const needed = (['http', 'https'] as const).filter((port) => entry[port] || (port === 'http' && isByAuthority(tls)));
  if (listen === undefined)
    return [
      ...needed.filter((port) => ability[port] === 0).map((port) => withoutPort(loadBalancer, port)),
      ...(tls !== undefined && 'file' in tls && certificates === undefined ? [withoutCertificates(loadBalancer)] : []),
    ];
  return tcp !== undefined && listen >= tcp.from && listen <= tcp.to ? [] : [outOfRange(loadBalancer, listen, tcp)];
}

function outOfRange(loadBalancer: LoadBalancer, listen: number, tcp: PortRange | undefined): Problem {
  const range = tcp === undefined ? 'none' : `${tcp.from}-${tcp.to}`;
  const message = `LoadBalancer ${loadBalancer.name} listens on port ${listen}, which is not among the ports that this host has for that (\`balancer.tcp\`: ${range}).`;
  return { ...problem(loadBalancer, message), layer: layerOf('policy'), reason: 'policy' };
}

/** An authority asks by http, whatever clients do. */
function isByAuthority(tls: LoadBalancer['tls']): boolean {
  return tls !== undefined && 'acme' in tls;
}

function withoutPort(loadBalancer: LoadBalancer, port: 'http' | 'https'): Problem {
  const message = `LoadBalancer ${loadBalancer.name} gets no requests on this host, which has turned their port off (\`balancer.${port}: 0\`).`;
  return problem(loadBalancer, message);
}

function withoutCertificates(loadBalancer: LoadBalancer): Problem {
  const message = `LoadBalancer ${loadBalancer.name}: this host has no folder of certificates (\`balancer.certificates\`).`;
  return { ...problem(loadBalancer, message), layer: layerOf('policy'), reason: 'policy' };
}

function withoutOwnAddress(loadBalancer: LoadBalancer): Problem {
  const message = `LoadBalancer ${loadBalancer.name}: a balancer on a bridge has no address of the host for \`externalIPs\`; Docker publishes its ports at \`balancer.bind\`.`;
  return problem(loadBalancer, message);
}

function hasAllowList({ traffic }: LoadBalancer): boolean {
  return traffic.allow.length > 0;
}

function withoutAddresses(loadBalancer: LoadBalancer): Problem {
  const message = `LoadBalancer ${loadBalancer.name}: \`allow\` cannot be kept where Docker publishes an IPv6 address (\`balancer.bind\`, \`balancer.network: bridge\`): all clients have the address of Docker's proxy there.`;
  return problem(loadBalancer, message);
}

function outOfReach(service: Service): Problem {
  return problem(
    service,
    `Service ${service.name} is not on the network \`default\`, the only one that a balancer on a bridge reaches (\`balancer.network: bridge\`).`,
  );
}

function problem({ source, name }: Service | LoadBalancer, message: string): Problem {
  return { layer: 'validation', reason: 'unsupported', message, object: name, ...source };
}

import { unsupported, vocabulary, type Vocabulary, type Words } from './vocabulary.ts';

const WORDS: Words = {
  '': {
    hostname: 'hostnames',
    host: 'hostnames',
    hosts: 'hostnames',
    domains: 'hostnames',
    serviceName: 'service',
    services: 'backends',
    weight: '`backends: [{ service, weight }]`',
    targetPort: 'port',
    'container-port': 'port',
    prefix: 'path',
    pathPrefix: 'path',
    stripPrefix: 'stripPath',
    method: 'algorithm',
    appProtocol: 'backendProtocol',
    grpc: 'backendProtocol',
    scheme: 'backendProtocol',
    sticky: 'affinity',
    stickySession: 'affinity',
    sessionAffinity: 'affinity',
    sessionPersistence: 'affinity',
    balance: 'algorithm',
    network: 'allow',
    whitelist: 'allow',
    maxConn: 'maxConnections',
    connectionLimit: 'maxConnections',
    force_https: 'forceHttps',
    httpsRedirect: 'forceHttps',
    http: 'ports.http',
    https: 'ports.https',
    externalIps: 'externalIPs',
    loadBalancerIP: 'externalIPs',
    ssl: 'tls',
    certificate: '`tls: { certificate: { file } }`',
    cert: '`tls: { certificate: { file } }`',
    acme: '`tls: { acme: { email } }`',
    letsencrypt: '`tls: { acme: { email } }`',
  },
};

const LATER: Words = {};

/** As other tools call them. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  ROUND_ROBIN: 'roundrobin',
  LEAST_CONNECTIONS: 'leastconn',
  LEAST_CONN: 'leastconn',
  SOURCE_IP: 'source',
  IP_HASH: 'source',
};

const UDP = unsupported(
  'UDP is not balanced: HAProxy knows connections only. Publish the port from the service itself: `ports: [{ port, protocol: udp, hostPort }]`.',
);

export const LOAD_BALANCER = vocabulary('a LoadBalancer', 'docs/kinds/load-balancer.md', WORDS, LATER, meant);

function meant(place: string, value: string): ReturnType<Vocabulary['value']> {
  if (place === 'protocol' && value.toLowerCase() === 'udp') return UDP;
  const ours = place === 'algorithm' ? ALGORITHMS[value.toUpperCase()] : undefined;
  if (ours !== undefined)
    return { reason: 'schema', message: `\`algorithm\` is called \`${ours}\` here, not \`${value}\`.` };
  if (place !== 'hostnames[]' || !value.startsWith('*')) return undefined;
  const message = `\`${value}\` is no host name; a wildcard stands for the first label alone: \`*.example.com\`.`;
  return { reason: 'schema', message };
}

/** So many services that do nothing; another value is another release of each. */
export function sleepers(count: number, value: string, strategy = 'recreate'): string {
  return Array.from({ length: count }, (_, index) => sleeper(index, value, strategy)).join('---\n');
}

function sleeper(index: number, value: string, strategy: string): string {
  return `kind: Service
name: s${index}
image: lab/busybox:1
environment: { VALUE: ${value} }
stopGracePeriod: 1s
update: { strategy: ${strategy}, monitor: 0s }
`;
}

/** The same for docker compose, which stops and starts as `recreate` does. */
export function composed(count: number, value: string): string {
  const one = (index: number) => `  s${index}:
    image: lab/busybox:1
    environment: { VALUE: ${value} }
    stop_grace_period: 1s
`;
  return `services:\n${Array.from({ length: count }, (_, index) => one(index)).join('')}`;
}

/** The lab's application behind a load balancer. */
export function application(tag: string, update: string): string {
  return `kind: Service
name: web
image: lab/app:${tag}
instances: 2
ports: [8080]
healthCheck: { http: { path: /health } }
update: ${update}
${balanced('web')}`;
}

/** A routed service as a manifest, for what is only read and planned. */
export function routed(name: string): string {
  return `kind: Service
name: ${name}
image: registry.example.com/${name}:1
ports: [8080]
environment: { LOG: info }
healthCheck: { http: { path: /health } }
${balanced(name)}`;
}

function balanced(name: string): string {
  return `---
kind: LoadBalancer
name: ${name}
hostnames: [${name}.example.com]
service: ${name}
port: 8080
`;
}

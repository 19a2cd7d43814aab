/** Manifests as files of a repository, with what the lab needs filled in. */

/** A service of the lab's application on port 8080, which settles fast. */
export function app(name: string, fields: Readonly<Record<string, unknown>> = {}): object {
  return { kind: 'Service', name, image: 'lab/app:v1', ports: [8080], update: { monitor: '200ms' }, ...fields };
}

/** A service that does nothing, and ends at once. */
export function sleeper(name: string, fields: Readonly<Record<string, unknown>> = {}): object {
  const command = ['sleep', '1000000'];
  return { kind: 'Service', name, image: 'lab/busybox:1', command, stopSignal: 'SIGKILL', ...fields };
}

export function loadBalancer(service: string, fields: Readonly<Record<string, unknown>> = {}): object {
  const hostnames = [`${service}.example.com`];
  return { kind: 'LoadBalancer', name: service, hostnames, service, port: 8080, ...fields };
}

/** Documents of one file; JSON is YAML too. */
export function yaml(...documents: readonly object[]): string {
  return documents.map((each) => `${JSON.stringify(each)}\n`).join('---\n');
}

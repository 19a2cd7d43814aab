import type Docker from 'dockerode';

/** From now on; what has happened until the call, in the order of it: `die 3f9c…`, `pull host/web:v2`. */
export function eventsSince(docker: Docker): () => Promise<string[]> {
  const since = seconds();
  return async () => {
    const filters = { event: ['pull', 'start', 'die'] };
    // Its types take whole seconds only.
    const options = { since, until: seconds(), filters } as object;
    const stream = await docker.getEvents(options);
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as EngineEvent).map(({ Action, Actor }) => `${Action} ${Actor.ID}`);
  };
}

interface EngineEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string };
}

function seconds(): string {
  return (Date.now() / 1000).toFixed(3);
}

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server on loopback on which things go wrong when a test says so. */
export interface Relay extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** `silent`: takes connections and says nothing. `truncating`: hangs up in the middle of an answer. */
  mode: 'open' | 'silent' | 'truncating';
  /** The server that it leads to, as `127.0.0.1:PORT`. */
  target: string;
}

/** Less than the headers of any answer. */
const LITTLE = 40;

export async function startRelay(target: string): Promise<Relay> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    if (relay.mode === 'silent') return;
    const onward = keep(connect(Number(relay.target.split(':')[1]), '127.0.0.1'));
    client.pipe(onward).on('close', () => client.destroy());
    client.on('close', () => onward.destroy());
    onward.on('data', (chunk: Buffer) => {
      if (relay.mode === 'truncating') client.end(chunk.subarray(0, LITTLE));
      else client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const relay: Relay = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    mode: 'open',
    target,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return relay;
}

import type { ContainerHost, ExecStream } from '../../src/core/container-host.ts';

/** The same host, where `before` is done before each text that it matches goes into an open process. */
export function faultyHost(
  host: ContainerHost,
  matches: RegExp,
  before: (stream: ExecStream) => Promise<unknown>,
): ContainerHost {
  const disturbed = (stream: ExecStream): ExecStream => ({
    output: stream.output,
    get closed() {
      return stream.closed;
    },
    close: () => stream.close(),
    write: (text) => {
      if (!matches.test(text)) {
        stream.write(text);
        return;
      }
      void before(stream).then(() => {
        if (!stream.closed) stream.write(text);
      });
    },
  });
  return {
    find: (name) => host.find(name),
    pull: (image) => host.pull(image),
    create: (spec) => host.create(spec),
    start: (id) => host.start(id),
    remove: (id) => host.remove(id),
    removeVolume: (name) => host.removeVolume(name),
    upload: (id, directory, files) => host.upload(id, directory, files),
    exec: async (id, command) => disturbed(await host.exec(id, command)),
    logs: (id, options) => host.logs(id, options),
  };
}

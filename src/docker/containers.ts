import type Docker from 'dockerode';
import type { ContainerSpec, Resources, RestartPolicy } from '../core/model.ts';
import type { Instance } from '../core/observed.ts';
import { stopInTime } from './dial.ts';
import { found, settle } from './errors.ts';
import type { InspectedContainer } from './inspected.ts';
import { resourceOptions, restartOptions } from './options.ts';

export interface Named {
  readonly id: string;
  /** For messages. */
  readonly name: string;
}

/** With the grace period that it was made with, where that is known. */
interface Stoppable extends Named {
  readonly spec?: Pick<ContainerSpec, 'stopGracePeriod'>;
}

/** Hears of each container to which something is done, and of its end, also where it failed half-way. */
interface Witness {
  begins(id: string): void;
  ended(id: string): void;
}

/** What is done to containers that are there. */
export class Containers {
  private readonly docker: Docker;
  private readonly witness: Witness;

  constructor(docker: Docker, witness: Witness) {
    this.docker = docker;
    this.witness = witness;
  }

  async find(nameOrId: string): Promise<InspectedContainer | undefined> {
    const answer = this.docker.getContainer(nameOrId).inspect();
    return (await found(`Inspecting ${nameOrId}`, answer)) as InspectedContainer | undefined;
  }

  start(container: Named): Promise<void> {
    return this.act('Starting', container, [304], (target) => target.start());
  }

  /** One that is gone needs no name any more; where another container has the name this one keeps its own. */
  rename(container: Named, name: string): Promise<void> {
    return this.act('Renaming', container, [404, 409], (target) => target.rename({ name }));
  }

  /** The same as a mark, where the container is still there and has not got it yet. */
  mark(container: Named, name: string): Promise<void> {
    return this.act('Renaming', container, [404, /same name as its current/i], (target) => target.rename({ name }));
  }

  unpause(container: Named): Promise<void> {
    return this.act('Unpausing', container, [/is not paused/], (target) => target.unpause());
  }

  stop(container: Stoppable, signal?: AbortSignal): Promise<void> {
    return stopInTime(container.spec?.stopGracePeriod, signal, (abortSignal) =>
      this.act('Stopping', container, [304, 404], (target) => target.stop({ abortSignal })),
    );
  }

  restart(container: Stoppable, signal?: AbortSignal): Promise<void> {
    return stopInTime(container.spec?.stopGracePeriod, signal, (abortSignal) =>
      this.act('Restarting', container, [], (target) => target.restart({ abortSignal })),
    );
  }

  /** Its volumes stay. */
  remove(container: Named): Promise<void> {
    // 409: it is being removed already.
    return this.act('Removing', container, [404, 409], (target) => target.remove({ force: true, v: false }));
  }

  update(container: Named, change: { resources?: Resources; restart?: RestartPolicy | 'no' }): Promise<void> {
    const options = {
      ...(change.resources === undefined ? {} : resourceOptions(change.resources)),
      ...(change.restart === undefined ? {} : { RestartPolicy: restartOptions(change.restart) }),
    };
    return this.act('Updating', container, [], (target) => target.update(options));
  }

  /** Changes the restart policy, where the container is still there. */
  setRestart(container: Named, restart: Instance['restartPolicy']): Promise<void> {
    const options = { RestartPolicy: restartOptions(restart) };
    return this.act('Updating', container, [404], (target) => target.update(options));
  }

  private async act(
    verb: string,
    { id, name }: Named,
    done: readonly (number | RegExp)[],
    action: (target: Docker.Container) => Promise<unknown>,
  ): Promise<void> {
    this.witness.begins(id);
    try {
      await settle(`${verb} ${name}`, done, action(this.docker.getContainer(id)));
    } finally {
      this.witness.ended(id);
    }
  }
}

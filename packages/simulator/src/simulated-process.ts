import type { Logger, OpenKeyValueStore, Runtime } from '@kitemq/runtime';
import { assert, KiteError } from '@kitemq/runtime';
import { comesFromCrash, Incarnation } from './core/incarnation.ts';
import { ProcessContext } from './core/process-context.ts';
import type { SimulatedRandom } from './core/simulated-random.ts';
import type { SimulatedClock } from './core/simulated-timers.ts';
import { SimulatedTimers } from './core/simulated-timers.ts';
import type { World } from './core/world.ts';
import type { MachineDisk } from './disk/machine-disk.ts';
import { SimulatedDisk } from './disk/simulated-disk.ts';
import { SimulatedKeyValueStore } from './key-value/simulated-key-value-store.ts';
import type { Cables } from './network/cables.ts';
import type { Ports } from './network/ports.ts';
import { SimulatedNetwork } from './network/simulated-network.ts';

/** How a process ends without being asked. */
export type CrashKind = 'kill' | 'powerCut';

/** A computer: what its processes share. */
export interface Machine {
  readonly name: string;
  readonly disk: MachineDisk;
  readonly clock: SimulatedClock;
  readonly processes: SimulatedProcess[];
}

export interface ProcessOptions {
  readonly name: string;
  readonly machine: Machine;
  readonly world: World;
  readonly cables: Cables;
  readonly ports: Ports;
  readonly random: SimulatedRandom;
  readonly logger: Logger;
  readonly nextProcessId: () => number;
}

/** A process of the simulated world: ports to run code on, and the ways to end it. */
export class SimulatedProcess {
  readonly name: string;
  readonly machine: Machine;
  /** How a crash planned with `machine.disk.crashAfterOperations` ends it. */
  crashKind: CrashKind = 'kill';
  readonly #options: ProcessOptions;
  #incarnation!: Incarnation;
  #context!: ProcessContext;
  #runtime!: Runtime;
  #lives = 0;
  #onDeath: (() => void)[] = [];

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.machine = options.machine;
    this.#options = options;
    this.#start();
  }

  get alive(): boolean {
    return this.#incarnation.alive;
  }

  /** The disk of its machine: faults, planned crashes, bit flips. */
  get disk(): MachineDisk {
    return this.machine.disk;
  }

  /** The address under which the other machines reach it. */
  get address(): string {
    return this.#options.ports.addressOf(this.machine.name);
  }

  /** The ports of this life. */
  get runtime(): Runtime {
    return this.#runtime;
  }

  /** Opens key-value stores on its disk, for this life. */
  get openKeyValueStore(): OpenKeyValueStore {
    const context = this.#context;
    const disk = this.#runtime.disk;
    return (path) => {
      disk.makeDirectorySync(path);
      const image = this.machine.disk.keyValue(path);
      if (image.unreadable) throw new KiteError('KITE_VIEWS_UNREADABLE', `what is in ${path} cannot be read; remove it, it is rebuilt from the log`);
      return new SimulatedKeyValueStore(context, image);
    };
  }

  /** Runs code of this process. What it throws ends the simulation, unless the process died before. */
  spawn(task: (runtime: Runtime) => Promise<void>): void {
    const incarnation = this.#incarnation;
    const { world } = this.#options;
    task(this.#runtime).catch((error: unknown) => {
      if (incarnation.alive && !comesFromCrash(error)) world.fail(error);
    });
  }

  /** Resolves when this life is over. */
  died(): Promise<void> {
    if (!this.alive) return Promise.resolve();
    return new Promise((resolve) => this.#onDeath.push(resolve));
  }

  /** kill -9: the process is gone, its machine lives; the caches are kept, peers see its connections close. */
  kill(): void {
    if (!this.alive) return;
    const incarnation = this.#incarnation;
    this.#die();
    this.#options.cables.processDied((endpoint) => endpoint.context.incarnation === incarnation, true);
  }

  /** The machine loses its power, with all its processes; nobody is told. It is back at the first `restart` on it. */
  powerCut(): void {
    const { cables } = this.#options;
    cables.processDied((endpoint) => endpoint.machineName === this.machine.name, false);
    cables.setPower(this.machine.name, false);
    for (const each of this.machine.processes) each.#die();
    this.machine.disk.powerCut();
  }

  /** Ends it in the way of `crashKind`. */
  crash(): void {
    if (this.crashKind === 'kill') this.kill();
    else this.powerCut();
  }

  /** Starts the next life (the machine first, if it is off). */
  restart(): Runtime {
    assert(!this.alive, 'only a dead process can be restarted');
    this.#options.cables.setPower(this.machine.name, true);
    this.#start();
    return this.#runtime;
  }

  #start(): void {
    const { name, machine, world, cables, ports, random, logger, nextProcessId } = this.#options;
    const incarnation = new Incarnation(name, nextProcessId());
    const context = new ProcessContext(world, incarnation, machine.disk, () => this.crash());
    this.#incarnation = incarnation;
    this.#context = context;
    ports.addProcess(incarnation, context);
    this.#runtime = {
      clock: machine.clock,
      timers: new SimulatedTimers(world, incarnation),
      random: random.fork(`life-${this.#lives++}`),
      disk: new SimulatedDisk(context, machine.clock),
      network: new SimulatedNetwork(context, cables, ports, machine.name),
      logger,
      processId: incarnation.processId,
    };
  }

  #die(): void {
    const incarnation = this.#incarnation;
    if (!incarnation.alive) return;
    incarnation.alive = false;
    this.machine.disk.processDied(incarnation);
    this.#options.ports.processDied(incarnation);
    const waiting = this.#onDeath;
    this.#onDeath = [];
    for (const resolve of waiting) resolve();
  }
}

import type { Logger, Runtime } from '@kitemq/runtime';
import { KiteError, silentLogger, sleep } from '@kitemq/runtime';
import type { DrainMicrotasks } from './core/microtasks.ts';
import { findDrain } from './core/microtasks.ts';
import { realTurn } from './core/real-turn.ts';
import { watchRejections } from './core/rejection-watch.ts';
import { SimulatedRandom } from './core/simulated-random.ts';
import { SimulatedClock } from './core/simulated-timers.ts';
import { World } from './core/world.ts';
import { MachineDisk } from './disk/machine-disk.ts';
import { Cables } from './network/cables.ts';
import { Ports } from './network/ports.ts';
import type { Machine } from './simulated-process.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { SimulationFailure } from './simulation-failure.ts';

export interface SimulationOptions {
  /** The same seed gives the same run. An integer. */
  readonly seed: number;
  /** How somebody runs this seed again, for error messages. Default: `new Simulation({ seed })`. */
  readonly rerun?: string;
  /** Gets the log lines of a process. Default: nobody. */
  readonly loggerOf?: (processName: string) => Logger;
  /** False: let the real event loop run the microtasks, as where V8 cannot be asked to. For tests of the simulator. */
  readonly fastMicrotasks?: boolean;
}

export interface RunOptions {
  /** Virtual time after which a run that has not ended has failed. Default one hour. */
  readonly limitMs?: number;
}

const eventsPerSlice = 5000;
/** Real turns granted to something real (a dynamic import) before an idle world counts as stuck. */
const idleTurnsMax = 50;

/** A world of its own: machines, processes, disks, a network and one time, all from one seed. */
export class Simulation {
  readonly seed: number;
  /** For the test's own decisions. */
  readonly random: SimulatedRandom;
  /** The network between the machines: faults, partitions, resets. */
  readonly network: Cables;
  readonly #world: World;
  readonly #ports: Ports = new Ports();
  readonly #machines: Map<string, Machine> = new Map();
  readonly #processes: Map<string, SimulatedProcess> = new Map();
  readonly #rerun: string;
  readonly #fastMicrotasks: boolean;
  readonly #loggerOf: (processName: string) => Logger;
  #nextProcessId = 100;

  constructor(options: SimulationOptions) {
    const { seed, fastMicrotasks = true } = options;
    this.seed = seed;
    this.random = new SimulatedRandom(seed);
    this.#rerun = options.rerun ?? `new Simulation({ seed: ${seed} })`;
    this.#loggerOf = options.loggerOf ?? (() => silentLogger);
    const quantumMs = this.random.fork('quantum').pick([0.01, 0.05, 0.2, 1]);
    this.#world = new World(quantumMs);
    this.#fastMicrotasks = fastMicrotasks;
    this.network = new Cables(this.#world, this.random.fork('network'));
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.#world.now;
  }

  /** Depends on everything that happened so far, in order. */
  get traceHash(): number {
    return this.#world.traceHash;
  }

  /** Events executed so far. */
  get eventCount(): number {
    return this.#world.executed;
  }

  /** The process of that name, on a machine of its own unless told otherwise. */
  process(name: string, options: { readonly machine?: string } = {}): SimulatedProcess {
    const existing = this.#processes.get(name);
    if (existing !== undefined) return existing;
    const machine = this.#machine(options.machine ?? name);
    const created = new SimulatedProcess({
      name,
      machine,
      world: this.#world,
      cables: this.network,
      ports: this.#ports,
      random: this.random.fork(`process/${name}`),
      logger: this.#loggerOf(name),
      nextProcessId: () => this.#nextProcessId++,
    });
    machine.processes.push(created);
    this.#processes.set(name, created);
    return created;
  }

  /** The ports of the test itself: a process that nobody kills. */
  get observer(): Runtime {
    return this.process('observer').runtime;
  }

  /** Resolves after so much virtual time. */
  sleep(delayMs: number): Promise<void> {
    return sleep(this.observer.timers, delayMs);
  }

  /** Ends the run as failed, from where throwing would not: a callback whose caller swallows errors. */
  fail(error: unknown): void {
    this.#world.fail(error);
  }

  /** Both ways (or `oneWay`: from the first only) nothing passes between two machines, until healed. */
  partition(a: string, b: string, options: { readonly oneWay?: boolean } = {}): void {
    this.network.block(a, b);
    if (options.oneWay !== true) this.network.block(b, a);
  }

  heal(): void {
    this.network.unblockAll();
  }

  /** Runs `main` in the virtual world until it ends. @throws SimulationFailure */
  async run<T>(main: () => Promise<T>, options: RunOptions = {}): Promise<T> {
    const limit = this.#world.now + (options.limitMs ?? 3_600_000);
    const outcome = { ended: false, value: undefined as T };
    this.#world.schedule(undefined, 0, () => {
      main().then(
        (value) => Object.assign(outcome, { ended: true, value }),
        (error: unknown) => this.#world.fail(error),
      );
    });
    const restore = watchRejections((reason) => this.#world.fail(reason));
    try {
      // Outside of a microtask, where V8 can be asked.
      if (this.#fastMicrotasks) await realTurn(() => (this.#world.drain = drainMicrotasks()));
      await this.#drive(() => outcome.ended || this.#world.failed, limit);
    } finally {
      restore();
    }
    if (this.#world.failed) {
      throw new SimulationFailure({ seed: this.seed, virtualMs: this.#world.now, rerun: this.#rerun, cause: this.#world.failure });
    }
    return outcome.value;
  }

  async #drive(ended: () => boolean, limit: number): Promise<void> {
    let idleTurns = 0;
    while (!ended()) {
      await realTurn(() => this.#world.run(ended, limit, eventsPerSlice));
      if (ended()) break;
      if (this.#world.nextTime <= limit) idleTurns = 0;
      else if (++idleTurns > idleTurnsMax) this.#world.fail(this.#stuck(limit));
    }
    // Rejections that nobody handles are reported after a real turn.
    await realTurn(() => {});
  }

  #stuck(limit: number): KiteError {
    if (this.#world.idle) return new KiteError('KITE_SIMULATION_STUCK', 'nothing is left to happen, and the run has not ended');
    return new KiteError('KITE_SIMULATION_TIMEOUT', `the run has not ended after ${limit} ms of virtual time`);
  }

  #machine(name: string): Machine {
    const existing = this.#machines.get(name);
    if (existing !== undefined) return existing;
    const disk = new MachineDisk(this.random.fork(`disk/${name}`));
    const machine: Machine = { name, disk, clock: new SimulatedClock(this.#world), processes: [] };
    this.#machines.set(name, machine);
    this.#ports.addMachine(name);
    return machine;
  }
}

let foundDrain: { readonly drain: DrainMicrotasks | undefined } | undefined;

/** Looked up at the first simulation, not at import. */
const drainMicrotasks = (): DrainMicrotasks | undefined => {
  foundDrain ??= { drain: findDrain() };
  return foundDrain.drain;
};

import type { MachineDisk } from '../disk/machine-disk.ts';
import type { Incarnation } from './incarnation.ts';
import { SimulatedCrash } from './incarnation.ts';
import type { World } from './world.ts';

/** What the ports of one life of a process share. */
export class ProcessContext {
  readonly world: World;
  readonly incarnation: Incarnation;
  readonly machine: MachineDisk;
  readonly #crash: () => void;

  /** `crash` ends this life, in the way the test planned. */
  constructor(world: World, incarnation: Incarnation, machine: MachineDisk, crash: () => void) {
    this.world = world;
    this.incarnation = incarnation;
    this.machine = machine;
    this.#crash = crash;
  }

  /** @throws SimulatedCrash when the process is dead. */
  checkAlive(): void {
    this.incarnation.checkAlive();
  }

  /** Makes a change of the disk. A crash planned for it comes before, in the middle (`part`) or after. @throws SimulatedCrash */
  change(whole: () => void, part?: () => void): void {
    this.checkAlive();
    const moment = this.machine.step();
    if (moment === undefined) return whole();
    try {
      if (moment === 'during') part?.();
      if (moment === 'after') whole();
    } finally {
      this.#crash();
    }
    throw new SimulatedCrash(this.incarnation.processName);
  }

  /** Calls back when the process still lives. */
  later(delayMs: number, callback: () => void): void {
    this.world.schedule(this.incarnation, delayMs, callback);
  }
}

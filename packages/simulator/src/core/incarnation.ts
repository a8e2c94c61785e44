/** Thrown by the ports of a process that has just died: its code runs no further than the next port. */
export class SimulatedCrash extends Error {
  constructor(processName: string) {
    super(`the simulated process ${processName} is dead`);
    this.name = 'SimulatedCrash';
  }
}

/** True for a crash and for errors that were made of one (`cause`). */
export const comesFromCrash = (error: unknown): boolean => {
  for (let depth = 0, each = error; depth < 10 && each instanceof Error; depth++, each = each.cause) {
    if (each instanceof SimulatedCrash) return true;
  }
  return false;
};

/** One life of a process. When it is over, nothing that it scheduled happens any more. */
export class Incarnation {
  readonly processName: string;
  readonly processId: number;
  alive = true;

  constructor(processName: string, processId: number) {
    this.processName = processName;
    this.processId = processId;
  }

  /** @throws SimulatedCrash when the process is dead. */
  checkAlive(): void {
    if (!this.alive) throw new SimulatedCrash(this.processName);
  }
}

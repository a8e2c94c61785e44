import type { Clock } from './clock.ts';
import type { Disk } from './disk.ts';
import type { Logger } from './logger.ts';
import type { LoopDelay } from './loop-delay.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';
import type { Timers } from './timers.ts';

/** Everything that is not a pure function, in one bundle. Made once by an app, a test or the simulator, and handed down. */
export interface Runtime {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly disk: Disk;
  readonly network: Network;
  readonly logger: Logger;
  /** Where there is a real event loop. */
  readonly loopDelay?: LoopDelay;
  /** Identifies this process in ids and lock files. */
  readonly processId: number;
}

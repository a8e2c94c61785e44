import type { Logger } from '../logger.ts';
import { silentLogger } from '../logger.ts';
import type { Runtime } from '../runtime.ts';
import { NodeClock } from './node-clock.ts';
import { NodeDisk } from './node-disk.ts';
import { NodeLoopDelay } from './node-loop-delay.ts';
import { NodeNetwork } from './node-network.ts';
import { NodeRandom } from './node-random.ts';
import { NodeTimers } from './node-timers.ts';

export interface NodeRuntimeOptions {
  /** Where libraries log to. Default: nowhere. */
  readonly logger?: Logger;
}

/** The real thing: this machine's clock, disk and network. */
export const nodeRuntime = (options: NodeRuntimeOptions = {}): Runtime => {
  const logger = options.logger ?? silentLogger;
  return {
    clock: new NodeClock(),
    timers: new NodeTimers(),
    random: new NodeRandom(),
    disk: new NodeDisk(),
    loopDelay: new NodeLoopDelay(),
    network: new NodeNetwork(logger),
    logger,
    processId: process.pid,
  };
};

import type { Commands } from '@kitemq/protocol';
import { ResponseCode } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';
import type { CleanReport } from '@kitemq/store';
import type { Answer } from '../answer.ts';
import { Refusal } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';
import { retentionPolicy } from './retention-settings.ts';

/** Has the store delete what may go, every `cleanResourceInterval`. */
export class RetentionService {
  readonly #context: BrokerContext;
  /** The last pass failed: that is logged once. */
  #failing = false;

  constructor(context: BrokerContext) {
    this.#context = context;
  }

  start(): void {
    const { scope, config } = this.#context;
    scope.every('delete what has expired', config.cleanResourceInterval, () => this.#pass());
  }

  /** Deletes what has expired now, whatever the hour. @throws KiteError `KITE_STORE_*` */
  clean(): Promise<CleanReport> {
    const { store, config, topics, runtime } = this.#context;
    return store.clean(retentionPolicy(config, topics, runtime.clock, true));
  }

  async #pass(): Promise<void> {
    const { store, config, topics, runtime, logger } = this.#context;
    if (store.failure !== undefined) return;
    try {
      await store.clean(retentionPolicy(config, topics, runtime.clock, false));
      this.#failing = false;
    } catch (error) {
      // The broker is being stopped.
      if (KiteError.is(error, 'KITE_ABORTED')) return;
      if (!this.#failing) logger.error({ error }, 'what has expired could not be deleted; it is tried again');
      this.#failing = true;
    }
  }
}

/** DELETE_EXPIRED_COMMITLOG (329) and CLEAN_EXPIRED_CONSUMEQUEUE (306): queues have no files of their own, they follow the log. */
export async function cleanNow(service: RetentionService): Promise<Answer<typeof Commands.deleteExpiredCommitlog>> {
  try {
    await service.clean();
    return {};
  } catch (error) {
    throw new Refusal(ResponseCode.systemError, `what has expired could not be deleted: ${KiteError.is(error) ? `${error.code} ${error.message}` : String(error)}`);
  }
}

import { Wire } from '@kitemq/tool-targets';

import { bodyOf, messageKey } from './ledger.mjs';

const SEND_MESSAGE_V2 = 310;

/** Sends without end over its own connection, connects again when the broker went away, and notes every acknowledgement. */
export class Producer {
  #stopped = false;
  /** @type {Promise<void>} */
  #done = Promise.resolve();

  /**
   * @param {{ id: number, brokerAddr: string, topic: string, queueId: number, inFlight: number, ledger: import('./ledger.mjs').Ledger }} options
   */
  constructor(options) {
    /** @readonly */
    this.options = options;
    /** Answers other than success, by code. @type {Map<number, number>} */
    this.refused = new Map();
    /** What the last refusal said. */
    this.lastRemark = '';
  }

  start() {
    this.#done = this.#run();
  }

  async stop() {
    this.#stopped = true;
    await this.#done;
  }

  async #run() {
    while (!this.#stopped) {
      const wire = await Wire.connect(this.options.brokerAddr).catch(() => undefined);
      if (wire === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      await Promise.all(Array.from({ length: this.options.inFlight }, () => this.#lane(wire)));
      wire.close();
    }
  }

  /** One message after the other until the connection ends. @param {Wire} wire */
  async #lane(wire) {
    const { id, topic, queueId, ledger } = this.options;
    while (!this.#stopped) {
      const key = messageKey(id, ledger.next(id));
      const fields = { a: 'PG_chaos', b: topic, c: 'TBW102', d: 4, e: queueId, f: 0, g: Date.now(), h: 0, i: `KEYS\u0001${key}\u0002`, j: 0, k: false, m: false };
      /** @type {import('@kitemq/tool-targets').WireResponse} */
      let response;
      try {
        response = await wire.request(SEND_MESSAGE_V2, fields, { body: bodyOf(key), timeoutMs: 15_000 });
      } catch {
        return; // not acknowledged: it may be there or not
      }
      if (response.code === 0) ledger.acknowledge(key, Number(response.extFields['queueId']), Number(response.extFields['queueOffset']));
      else {
        this.refused.set(response.code, (this.refused.get(response.code) ?? 0) + 1);
        this.lastRemark = response.remark ?? '';
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

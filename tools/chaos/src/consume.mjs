import { Wire } from '@kitemq/tool-targets';

const PULL_MESSAGE = 11;
const QUERY_CONSUMER_OFFSET = 14;
const UPDATE_CONSUMER_OFFSET = 15;
const GET_MAX_OFFSET = 30;
const PULL_OFFSET_MOVED = 21;
const PULL_RETRY_IMMEDIATELY = 20;
const GROUP = 'CG_chaos';

/** Reads all queues from where it is to their ends, and commits. A pull that leads back, or that is refused, is a problem. */
export class Consumer {
  /** @type {string[]} */
  problems = [];
  consumed = 0;

  /** @param {{ brokerAddr: string, topic: string, queues: number }} options */
  constructor(options) {
    /** @readonly */
    this.options = options;
    /** Next offset by queue. @type {number[]} */
    this.next = Array.from({ length: options.queues }, () => 0);
  }

  async catchUp() {
    const wire = await Wire.connect(this.options.brokerAddr);
    for (let queueId = 0; queueId < this.options.queues; queueId += 1) await this.#readQueue(wire, queueId);
    wire.close();
  }

  /** @returns {Promise<number[]>} what the broker has, by queue */
  async committed() {
    const { brokerAddr, topic, queues } = this.options;
    const wire = await Wire.connect(brokerAddr);
    /** @type {number[]} */
    const offsets = [];
    for (let queueId = 0; queueId < queues; queueId += 1) {
      const { extFields } = await wire.request(QUERY_CONSUMER_OFFSET, { consumerGroup: GROUP, topic, queueId });
      offsets.push(Number(extFields['offset']));
    }
    wire.close();
    return offsets;
  }

  /** @param {Wire} wire @param {number} queueId */
  async #readQueue(wire, queueId) {
    const { topic } = this.options;
    const end = Number((await wire.request(GET_MAX_OFFSET, { topic, queueId })).extFields['offset']);
    while ((this.next[queueId] ?? 0) < end) {
      const from = this.next[queueId] ?? 0;
      const response = await wire.request(PULL_MESSAGE, {
        ...{ consumerGroup: GROUP, topic, queueId, queueOffset: from, maxMsgNums: 32, sysFlag: 4, commitOffset: 0 },
        ...{ suspendTimeoutMillis: 0, subscription: '*', subVersion: 0, expressionType: 'TAG' },
      });
      const next = Number(response.extFields['nextBeginOffset']);
      if (response.code === 0) this.consumed += next - from;
      else if (response.code !== PULL_OFFSET_MOVED && response.code !== PULL_RETRY_IMMEDIATELY) return void this.problems.push(`a pull of ${queueId}:${from} was answered with ${response.code} ${response.remark}`);
      if (next < from) return void this.problems.push(`a pull of ${queueId}:${from} leads back to ${next}`);
      this.next[queueId] = next;
    }
    const { code, remark } = await wire.request(UPDATE_CONSUMER_OFFSET, { consumerGroup: GROUP, topic, queueId, commitOffset: this.next[queueId] ?? 0 });
    if (code !== 0) this.problems.push(`committing ${queueId}:${this.next[queueId]} was answered with ${code} ${remark}`);
  }
}

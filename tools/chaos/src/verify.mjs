import { Wire } from '@kitemq/tool-targets';

import { bodyOf, parseKey } from './ledger.mjs';

const PULL_MESSAGE = 11;
const GET_MAX_OFFSET = 30;
const GET_MIN_OFFSET = 31;
/** Places in a stored record with IPv4 hosts. */
const QUEUE_OFFSET_AT = 20;
const BODY_LENGTH_AT = 84;
const BODY_AT = 88;

/** @typedef {{ queueId: number, offset: number, body: Buffer }} StoredMessage */

/**
 * Reads a queue from its first to its last message.
 * @param {Wire} wire @param {string} topic @param {number} queueId
 * @returns {Promise<StoredMessage[]>}
 */
export async function readQueue(wire, topic, queueId) {
  const offsetOf = async (/** @type {number} */ code) => Number((await wire.request(code, { topic, queueId })).extFields['offset']);
  const end = await offsetOf(GET_MAX_OFFSET);
  let next = await offsetOf(GET_MIN_OFFSET);
  /** @type {StoredMessage[]} */
  const messages = [];
  while (next < end) {
    const response = await wire.request(PULL_MESSAGE, {
      ...{ consumerGroup: 'CG_chaos', topic, queueId, queueOffset: next, maxMsgNums: 32, sysFlag: 4, commitOffset: 0 },
      ...{ suspendTimeoutMillis: 0, subscription: '*', subVersion: 0, expressionType: 'TAG' },
    });
    if (response.code !== 0) throw new Error(`pull of queue ${queueId} at ${next} was answered with ${response.code} ${response.remark}; the queue ends at ${end}`);
    for (let at = 0; at < response.body.length; at += response.body.readInt32BE(at)) {
      const bodyLength = response.body.readInt32BE(at + BODY_LENGTH_AT);
      messages.push({ queueId, offset: Number(response.body.readBigInt64BE(at + QUEUE_OFFSET_AT)), body: response.body.subarray(at + BODY_AT, at + BODY_AT + bodyLength) });
    }
    next = Number(response.extFields['nextBeginOffset']);
  }
  return messages;
}

/**
 * Compares everything that is stored with the ledger.
 * @param {{ brokerAddr: string, topic: string, queues: number, ledger: import('./ledger.mjs').Ledger, inOrder: boolean, mayBeDeleted?: boolean }} options
 *   `inOrder`: messages of one producer must stand in the order in which it sent them; `mayBeDeleted`: retention was at work, so what lies before
 *   a queue's smallest offset is not missed
 * @returns {Promise<{ stored: number, deleted: number, problems: string[] }>}
 */
export async function verify({ brokerAddr, topic, queues, ledger, inOrder, mayBeDeleted = false }) {
  const wire = await Wire.connect(brokerAddr);
  /** @type {string[]} */
  const problems = [];
  /** @type {Map<string, StoredMessage>} */
  const stored = new Map();
  /** @type {number[]} */
  const firstOffsets = [];
  let deleted = 0;
  for (let queueId = 0; queueId < queues; queueId += 1) {
    const messages = await readQueue(wire, topic, queueId);
    firstOffsets.push(messages[0]?.offset ?? Number.MAX_SAFE_INTEGER);
    checkQueue(messages, { ledger, inOrder, stored, problems });
  }
  wire.close();
  for (const [key, ack] of ledger.acks) {
    const message = stored.get(key);
    if (message === undefined && mayBeDeleted && ack.offset < (firstOffsets[ack.queueId] ?? 0)) deleted += 1;
    else if (message === undefined) problems.push(`lost: ${key}, acknowledged at ${ack.queueId}:${ack.offset} after ${ack.kills} kills`);
    else if (message.queueId !== ack.queueId || message.offset !== ack.offset) {
      problems.push(`moved: ${key}, acknowledged at ${ack.queueId}:${ack.offset}, stored at ${message.queueId}:${message.offset}`);
    }
  }
  return { stored: stored.size, deleted, problems };
}

/**
 * @param {StoredMessage[]} messages of one queue
 * @param {{ ledger: import('./ledger.mjs').Ledger, inOrder: boolean, stored: Map<string, StoredMessage>, problems: string[] }} context
 */
export function checkQueue(messages, { ledger, inOrder, stored, problems }) {
  /** @type {Map<number, number>} */
  const lastSequence = new Map();
  let expected = messages[0]?.offset ?? 0;
  for (const message of messages) {
    const place = `${message.queueId}:${message.offset}`;
    if (message.offset !== expected) problems.push(`gap: ${place} follows offset ${expected - 1}`);
    expected = message.offset + 1;
    const key = message.body.toString('utf8', 0, Math.max(0, message.body.indexOf(10)));
    const { producer, sequence } = parseKey(key);
    if (!ledger.wasSent(key)) problems.push(`invented: ${place} has ${JSON.stringify(key)}, which nobody sent`);
    else if (!message.body.equals(bodyOf(key))) problems.push(`changed: the body of ${key} at ${place}`);
    if (stored.has(key)) problems.push(`twice: ${key} at ${place}`);
    stored.set(key, message);
    if (inOrder && sequence < (lastSequence.get(producer) ?? -1)) problems.push(`order: ${key} at ${place} stands behind ${producer}:${lastSequence.get(producer)}`);
    lastSequence.set(producer, sequence);
  }
}

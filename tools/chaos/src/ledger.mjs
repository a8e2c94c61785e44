import crypto from 'node:crypto';

/**
 * What the broker was asked and what it promised, kept outside of it.
 * @typedef {{ queueId: number, offset: number, kills: number }} Ack where the broker said the message is, and how many kills were before
 */
export class Ledger {
  /** Next sequence number per producer: everything below was sent, acknowledged or not. @type {number[]} */
  sent = [];
  /** @type {Map<string, Ack>} */
  acks = new Map();
  kills = 0;

  /** @param {number} producer @returns {number} */
  next(producer) {
    const sequence = this.sent[producer] ?? 0;
    this.sent[producer] = sequence + 1;
    return sequence;
  }

  /** @param {string} key @param {number} queueId @param {number} offset */
  acknowledge(key, queueId, offset) {
    this.acks.set(key, { queueId, offset, kills: this.kills });
  }

  /** @param {string} key @returns {boolean} */
  wasSent(key) {
    const { producer, sequence } = parseKey(key);
    return sequence < (this.sent[producer] ?? 0);
  }
}

/** @param {number} producer @param {number} sequence */
export function messageKey(producer, sequence) {
  return `${producer}:${sequence}`;
}

/** @param {string} key */
export function parseKey(key) {
  const [producer, sequence] = key.split(':');
  return { producer: Number(producer), sequence: Number(sequence) };
}

/** The body follows from the key, so that any changed byte shows: the key, a line end, 0 to 8 KiB of its hash. @param {string} key @returns {Buffer} */
export function bodyOf(key) {
  const hash = crypto.createHash('sha256').update(key).digest();
  const size = hash.readUInt16BE(0) % 8 === 0 ? hash.readUInt16BE(2) % 8192 : hash.readUInt16BE(2) % 512;
  return Buffer.concat([Buffer.from(`${key}\n`), Buffer.alloc(size, hash)]);
}

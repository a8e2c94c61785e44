/**
 * Request frames built once and patched per message, so that the generator costs a copy and a few digits.
 * @typedef {'json' | 'binary'} HeaderKind
 */

/** Opaques have ten digits from here on, so that a patched JSON header keeps its length. */
export const FIRST_OPAQUE = 1_000_000_000;
const OPAQUE_DIGITS = 10;
const CLIENT_VERSION = 513; // 5.5.0

/**
 * @param {HeaderKind} kind @param {number} code @param {Record<string, string>} extFields @param {Buffer} body
 * @returns {Buffer}
 */
export function encodeRequest(kind, code, extFields, body) {
  const header = kind === 'json' ? jsonHeader(code, extFields) : binaryHeader(code, extFields);
  const prefix = Buffer.alloc(8);
  prefix.writeInt32BE(4 + header.length + body.length, 0);
  prefix.writeInt32BE(header.length, 4);
  prefix.writeUInt8(kind === 'json' ? 0 : 1, 4);
  return Buffer.concat([prefix, header, body]);
}

/** @param {number} code @param {Record<string, string>} extFields */
function jsonHeader(code, extFields) {
  // In the order in which the Java client writes it.
  return Buffer.from(JSON.stringify({ code, extFields, flag: 0, language: 'JAVA', opaque: FIRST_OPAQUE, serializeTypeCurrentRPC: 'JSON', version: CLIENT_VERSION }));
}

/** @param {number} code @param {Record<string, string>} extFields */
function binaryHeader(code, extFields) {
  const ext = Buffer.concat(Object.entries(extFields).map(([key, value]) => binaryField(key, value)));
  const fixed = Buffer.alloc(21);
  fixed.writeInt16BE(code, 0);
  fixed.writeInt8(0, 2); // JAVA
  fixed.writeInt16BE(CLIENT_VERSION, 3);
  fixed.writeInt32BE(FIRST_OPAQUE, 5);
  fixed.writeInt32BE(ext.length, 17);
  return Buffer.concat([fixed, ext]);
}

/** @param {string} name @param {string} value */
export function binaryField(name, value) {
  const nameBytes = Buffer.from(name);
  const valueBytes = Buffer.from(value);
  const field = Buffer.alloc(6 + nameBytes.length + valueBytes.length);
  field.writeInt16BE(nameBytes.length, 0);
  nameBytes.copy(field, 2);
  field.writeInt32BE(valueBytes.length, 2 + nameBytes.length);
  valueBytes.copy(field, 6 + nameBytes.length);
  return field;
}

/** A frame with places to patch. */
export class FrameTemplate {
  /**
   * @param {HeaderKind} kind @param {number} code @param {Record<string, string>} extFields @param {Buffer} body
   * @param {{ decimals?: Record<string, string> }} [places] places to patch by `patchDecimal`: name → the unique text that stands there
   */
  constructor(kind, code, extFields, body, { decimals = {} } = {}) {
    /** @readonly */
    this.bytes = encodeRequest(kind, code, extFields, body);
    this.length = this.bytes.length;
    this.opaqueAt = kind === 'json' ? this.bytes.indexOf('"opaque":') + 9 : 13;
    this.kind = kind;
    /** @type {Record<string, number>} */
    this.at = {};
    for (const [name, text] of Object.entries(decimals)) {
      const at = this.bytes.indexOf(text);
      if (at < 0 || this.bytes.indexOf(text, at + 1) >= 0) throw new Error(`the place ${name} (${text}) is not there exactly once`);
      this.at[name] = at;
    }
  }

  /** @param {Buffer} target @param {number} offset @param {number} opaque */
  copyTo(target, offset, opaque) {
    this.bytes.copy(target, offset);
    if (this.kind === 'json') writeDecimal(target, offset + this.opaqueAt, opaque, OPAQUE_DIGITS);
    else target.writeInt32BE(opaque, offset + this.opaqueAt);
  }
}

/**
 * Writes exactly `digits` decimal digits, with leading zeros.
 * @param {Buffer} target @param {number} at @param {number} value @param {number} digits
 */
export function writeDecimal(target, at, value, digits) {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i -= 1) {
    const next = Math.floor(rest / 10);
    target[i] = 48 + (rest - next * 10);
    rest = next;
  }
}

const SEND_MESSAGE_V2 = 310;
const PULL_MESSAGE = 11;
const UNIQ_PREFIX = '7F00000100002A9F00000A';
const UNIQ_DIGITS = '9876543210';
const BORN_DIGITS = '1799999999998';
const OFFSET_DIGITS = '8888888888888';

/**
 * One template per queue; neighbours are of different topics.
 * @param {{ kind: HeaderKind, topic: string, group: string, bodySize: number, queues: number, topics?: number }} options `topics` above 1: of `T_0`, `T_1`, …
 */
export function sendTemplates({ kind, topic, group, bodySize, queues, topics = 1 }) {
  const properties = `UNIQ_KEY\u0001${UNIQ_PREFIX}${UNIQ_DIGITS}\u0002WAIT\u0001true\u0002TAGS\u0001bench\u0002`;
  return Array.from(
    { length: queues * topics },
    (_, index) =>
      new FrameTemplate(
        kind,
        SEND_MESSAGE_V2,
        { a: group, b: topics === 1 ? topic : `${topic}_${index % topics}`, c: 'TBW102', d: '4', e: `${Math.floor(index / topics)}`, f: '0', g: BORN_DIGITS, h: '0', i: properties, j: '0', k: 'false', m: 'false', n: 'broker-a' },
        Buffer.alloc(bodySize, 'kite'),
        { decimals: { born: BORN_DIGITS, uniq: UNIQ_DIGITS } },
      ),
  );
}

/** Pull flags: 2 wait for messages, 4 the request carries its subscription. */
const PULL_FLAG_SUSPEND = 2;
const PULL_FLAG_SUBSCRIPTION = 4;

/**
 * @param {{ kind: HeaderKind, topic: string, group: string, queueId: number, batch: number, suspend: boolean }} options
 */
export function pullTemplate({ kind, topic, group, queueId, batch, suspend }) {
  return new FrameTemplate(
    kind,
    PULL_MESSAGE,
    {
      consumerGroup: group,
      topic,
      queueId: `${queueId}`,
      queueOffset: OFFSET_DIGITS,
      maxMsgNums: `${batch}`,
      sysFlag: `${PULL_FLAG_SUBSCRIPTION + (suspend ? PULL_FLAG_SUSPEND : 0)}`,
      commitOffset: '0',
      suspendTimeoutMillis: '15000',
      subscription: '*',
      subVersion: '0',
      expressionType: 'TAG',
    },
    Buffer.alloc(0),
    { decimals: { offset: OFFSET_DIGITS } },
  );
}

export const OFFSET_DIGIT_COUNT = OFFSET_DIGITS.length;
export const BORN_DIGIT_COUNT = BORN_DIGITS.length;
export const UNIQ_DIGIT_COUNT = UNIQ_DIGITS.length;

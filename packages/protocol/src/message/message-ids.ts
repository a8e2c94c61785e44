import { KiteError } from '@kitemq/runtime';
import type { Clock, Random } from '@kitemq/runtime';
import { readInt32, readInt64, writeInt16, writeInt32, writeInt64 } from '../record/int64.ts';
import { encodeIp, ipText } from './hosts.ts';

/** Where a message id of a broker points. */
export interface OffsetMessageId {
  readonly ip: string;
  readonly port: number;
  readonly physicalOffset: number;
}

const hexDigits = '0123456789ABCDEF';

function upperHex(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index++) text += hexDigits[bytes[index]! >> 4]! + hexDigits[bytes[index]! & 15]!;
  return text;
}

/** A broker's message id: upper-case hex of the store host (8 or 20 bytes) and the physical offset. */
export function encodeOffsetMessageId(storeHost: Uint8Array, physicalOffset: number): string {
  const bytes = new Uint8Array(storeHost.length + 8);
  bytes.set(storeHost);
  writeInt64(bytes, storeHost.length, physicalOffset);
  return upperHex(bytes);
}

/** For many ids of one host: its half of the text is made once. */
export class OffsetMessageIds {
  readonly #host: string;
  /** Host and upper digits of the last id: the same for mebibytes of log. */
  #prefix: string;
  #high = 0;

  constructor(storeHost: Uint8Array) {
    this.#host = upperHex(storeHost);
    this.#prefix = `${this.#host}0000000000`;
  }

  at(physicalOffset: number): string {
    const high = Math.floor(physicalOffset / lowSpan);
    if (high !== this.#high) {
      this.#high = high;
      this.#prefix = this.#host + high.toString(16).toUpperCase().padStart(10, '0');
    }
    const low = physicalOffset - high * lowSpan;
    return this.#prefix + hexTriples[low >>> 12]! + hexTriples[low & 0xfff]!;
  }
}

/** Six hexadecimal digits. */
const lowSpan = 0x1_00_00_00;
const hexTriples: readonly string[] = Array.from({ length: 0x1000 }, (_, value) => value.toString(16).toUpperCase().padStart(3, '0'));

/** @throws KiteError `KITE_MESSAGE_ID_INVALID` */
export function decodeOffsetMessageId(id: string): OffsetMessageId {
  if (!/^(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{56})$/.test(id)) {
    throw new KiteError('KITE_MESSAGE_ID_INVALID', `${JSON.stringify(id)} is no message id of a broker: 32 or 56 hexadecimal digits are`);
  }
  const bytes = Buffer.from(id, 'hex');
  const addressBytes = bytes.length - 12;
  return { ip: ipText(bytes.subarray(0, addressBytes)), port: readInt32(bytes, addressBytes), physicalOffset: readInt64(bytes, addressBytes + 4) };
}

/** Makes the ids that clients give their messages (UNIQ_KEY): host, process, ms since the month began in local time, a counter. */
export class UniqKeyGenerator {
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #tail = new Uint8Array(6);
  #monthStart = 0;
  #monthEnd = 0;
  #counter: number;

  /** `ip` is this machine's address, `processId` any number that tells processes apart; what else tells generators apart is random. */
  constructor(clock: Clock, random: Random, identity: { readonly ip: string; readonly processId: number }) {
    this.#clock = clock;
    const address = encodeIp(identity.ip);
    const bytes = new Uint8Array(address.length + 6);
    bytes.set(address);
    writeInt16(bytes, address.length, identity.processId);
    writeInt32(bytes, address.length + 2, random.uint32());
    this.#prefix = upperHex(bytes);
    this.#counter = random.uint32();
  }

  next(): string {
    const now = this.#clock.now();
    if (now >= this.#monthEnd || now < this.#monthStart) this.#enterMonth(now);
    writeInt32(this.#tail, 0, now - this.#monthStart);
    writeInt16(this.#tail, 4, this.#counter);
    this.#counter = (this.#counter + 1) | 0;
    return this.#prefix + upperHex(this.#tail);
  }

  #enterMonth(now: number): void {
    const date = new Date(now);
    this.#monthStart = new Date(date.getFullYear(), date.getMonth(), 1).getTime();
    this.#monthEnd = new Date(date.getFullYear(), date.getMonth() + 1, 1).getTime();
  }
}

import { KiteError } from '@kitemq/runtime';
import { asBuffer } from '../header/fast-buffer.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { checkRecord } from './check-record.ts';
import { readInt16, readInt32, readInt64 } from './int64.ts';
import * as layout from './record-layout.ts';

/**
 * A stored record, read where it lies: each getter reads its field from the bytes. `body`, `topicBytes` and `propertiesBytes` are views.
 * One view can be moved from record to record.
 */
export class RecordView {
  #buffer: FastBuffer = emptyBuffer;
  #offset = 0;
  #size = 0;
  #sysFlag = 0;
  #bodyStart = 0;
  #bodyEnd = 0;
  #topicStart = 0;
  #topicEnd = 0;

  /**
   * Points the view at the record at `offset`; returns its size.
   * @throws KiteError `KITE_RECORD_ILLEGAL` when no whole record is there (the CRC is not checked)
   */
  moveTo(bytes: Uint8Array, offset: number, end: number = bytes.length): number {
    const size = checkRecord(bytes, offset, end, false);
    if (size <= 0) {
      throw new KiteError('KITE_RECORD_ILLEGAL', `No whole record at ${offset}: check ${size}`, { details: { offset, check: size } });
    }
    this.#place(bytes, offset, size);
    return size;
  }

  /**
   * As {@link moveTo} for bytes that nobody vouches for, thousands of times: checks the CRC as well, and throws nothing.
   * Returns the size, or one of `RecordCheck`; then the view stays where it was.
   */
  moveToSound(bytes: Uint8Array, offset: number, end: number = bytes.length): number {
    const size = checkRecord(bytes, offset, end);
    if (size > 0) this.#place(bytes, offset, size);
    return size;
  }

  #place(bytes: Uint8Array, offset: number, size: number): void {
    this.#buffer = asBuffer(bytes);
    this.#offset = offset;
    this.#size = size;
    this.#sysFlag = layout.sysFlagAt(bytes, offset);
    const bodyLengthAt = offset + layout.bodyLengthOffset(this.#sysFlag);
    this.#bodyStart = bodyLengthAt + 4;
    this.#bodyEnd = this.#bodyStart + readInt32(bytes, bodyLengthAt);
    const v2 = layout.magicAt(bytes, offset) === layout.RecordMagic.v2;
    this.#topicStart = this.#bodyEnd + (v2 ? 2 : 1);
    this.#topicEnd = this.#topicStart + (v2 ? readInt16(bytes, this.#bodyEnd) : bytes[this.#bodyEnd]!);
  }

  get size(): number {
    return this.#size;
  }
  get bodyCrc(): number {
    return layout.bodyCrcAt(this.#buffer, this.#offset);
  }
  get queueId(): number {
    return layout.queueIdAt(this.#buffer, this.#offset);
  }
  get flag(): number {
    return layout.flagAt(this.#buffer, this.#offset);
  }
  get queueOffset(): number {
    return layout.queueOffsetAt(this.#buffer, this.#offset);
  }
  get physicalOffset(): number {
    return layout.physicalOffsetAt(this.#buffer, this.#offset);
  }
  get sysFlag(): number {
    return this.#sysFlag;
  }
  get bornTimestamp(): number {
    return layout.bornTimestampAt(this.#buffer, this.#offset);
  }
  /** Address bytes and int32 port: 8 or 20 bytes. */
  get bornHost(): Uint8Array {
    return this.#buffer.subarray(this.#offset + layout.RecordOffset.bornHost, this.#offset + layout.storeTimestampOffset(this.#sysFlag));
  }
  get storeTimestamp(): number {
    return readInt64(this.#buffer, this.#offset + layout.storeTimestampOffset(this.#sysFlag));
  }
  get storeHost(): Uint8Array {
    return this.#buffer.subarray(this.#offset + layout.storeTimestampOffset(this.#sysFlag) + 8, this.#offset + layout.reconsumeTimesOffset(this.#sysFlag));
  }
  get reconsumeTimes(): number {
    return readInt32(this.#buffer, this.#offset + layout.reconsumeTimesOffset(this.#sysFlag));
  }
  get preparedTransactionOffset(): number {
    return readInt64(this.#buffer, this.#offset + layout.reconsumeTimesOffset(this.#sysFlag) + 4);
  }
  get bodyLength(): number {
    return this.#bodyEnd - this.#bodyStart;
  }
  get body(): Uint8Array {
    return this.#buffer.subarray(this.#bodyStart, this.#bodyEnd);
  }
  get topic(): string {
    return this.#buffer.utf8Slice(this.#topicStart, this.#topicEnd);
  }
  get topicBytes(): Uint8Array {
    return this.#buffer.subarray(this.#topicStart, this.#topicEnd);
  }
  /** Where the topic lies in the bytes given to `moveTo`. */
  get topicStart(): number {
    return this.#topicStart;
  }
  get topicEnd(): number {
    return this.#topicEnd;
  }
  /** Where the property string lies in the bytes given to `moveTo`. */
  get propertiesStart(): number {
    return this.#topicEnd + 2;
  }
  get propertiesEnd(): number {
    return this.#offset + this.#size;
  }
  get propertiesBytes(): Uint8Array {
    return this.#buffer.subarray(this.propertiesStart, this.propertiesEnd);
  }
  get properties(): string {
    return this.#buffer.utf8Slice(this.propertiesStart, this.propertiesEnd);
  }
}

const emptyBuffer = Buffer.alloc(0) as unknown as FastBuffer;

/** A view of the record at `offset`. @throws KiteError `KITE_RECORD_ILLEGAL` */
export function decodeRecord(bytes: Uint8Array, offset = 0, end: number = bytes.length): RecordView {
  const view = new RecordView();
  view.moveTo(bytes, offset, end);
  return view;
}

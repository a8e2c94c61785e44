import { Buffer } from 'node:buffer';
import { hashOfUtf8, PropertyName, RecordLimits } from '@kitemq/protocol';
import { readTtl } from '../expiry/message-ttl.ts';

const { propertiesBytesMax } = RecordLimits;
const nameSeparator = 1;
const itemSeparator = 2;
const noBytes = new Uint8Array(0);
const uniqueKeyName = 'UNIQ_KEY';

/** Where a property string comes from: copied to `target` as UTF-8; its length, or -1 when it is too long. */
export interface PropertySource {
  copyProperties(target: Uint8Array): number;
}

/** What a property means to a send. */
const Known = {
  none: 0,
  replaced: 1,
  tags: 2,
  wait: 3,
  delay: 4,
  transaction: 5,
  uniqueKey: 6,
  timer: 7,
  innerCount: 8,
  ttl: 9,
} as const;
type Known = (typeof Known)[keyof typeof Known];

// By length of the name, so that most properties are told apart by one lookup.
const knownByLength: readonly (readonly { readonly name: Uint8Array; readonly known: Known }[] | undefined)[] = (() => {
  const table: { readonly name: Uint8Array; readonly known: Known }[][] = [];
  const add = (known: Known, ...names: string[]): void => {
    for (const name of names) (table[name.length] ??= []).push({ name: Buffer.from(name, 'latin1'), known });
  };
  add(Known.replaced, 'MSG_REGION', 'TRACE_ON', 'CLUSTER', 'POP_CK');
  add(Known.tags, 'TAGS');
  add(Known.wait, 'WAIT');
  add(Known.delay, 'DELAY');
  add(Known.transaction, 'TRAN_MSG');
  add(Known.uniqueKey, 'UNIQ_KEY');
  add(Known.timer, 'TIMER_DELAY_SEC', 'TIMER_DELAY_MS', 'TIMER_DELIVER_MS');
  add(Known.innerCount, 'INNER_NUM');
  add(Known.ttl, PropertyName.messageTtl);
  return table;
})();

/**
 * Rewrites the property string of a send on bytes: drops what clients may not set, appends what the broker sets, and notes on
 * the way what the send depends on. One instance per broker, reused: its fields are valid until the next `begin`.
 */
export class SendProperties {
  /** Java hash of TAGS, 0 without. */
  tagsCode = 0;
  /** Property WAIT is not "false". */
  waitForStore = true;
  /** Property DELAY; 0 without, NaN when it is no number. */
  delayLevel = 0;
  transaction = false;
  /** One of the timer properties is there. */
  timer = false;
  /** INNER_NUM is there: the message says that it is a batch. */
  innerBatch = false;
  /** Property MSG_TTL_MS; 0 without, NaN when it is no whole number from 1 on. */
  ttlMs = 0;
  /** Where the value of property UNIQ_KEY is in {@link bytes}; the end is 0 without. */
  uniqueKeyStart = 0;
  uniqueKeyEnd = 0;
  /** Bytes written so far. Beyond 32767 the message cannot be stored. */
  length = 0;
  /** UTF-8 takes up to 3 bytes for a UTF-16 unit; the same again for what the broker adds. */
  readonly #buffer: Buffer = Buffer.allocUnsafeSlow(propertiesBytesMax * 6);
  readonly #added: Uint8Array;
  /** The last view of the buffer: property strings often have the same length. */
  #view: Uint8Array = noBytes;

  /** `added` goes to the end of each property string: MSG_REGION, TRACE_ON, CLUSTER. */
  constructor(added: Readonly<Record<string, string>>) {
    this.#added = Buffer.from(
      Object.entries(added)
        .map(([name, value]) => `${name}\x01${value}\x02`)
        .join(''),
    );
  }

  /** Reads and rewrites the properties that `source` copies; false when they are too long to be stored. */
  begin(source: PropertySource, dropTimers = false): boolean {
    this.tagsCode = 0;
    this.waitForStore = true;
    this.delayLevel = 0;
    this.transaction = false;
    this.timer = false;
    this.innerBatch = false;
    this.ttlMs = 0;
    this.uniqueKeyStart = this.uniqueKeyEnd = 0;
    this.length = 0;
    const bytes = source.copyProperties(this.#buffer);
    if (bytes < 0) return false;
    this.#rewrite(bytes, dropTimers);
    const added = this.#added;
    for (let index = 0; index < added.length; index++) this.#buffer[this.length + index] = added[index]!;
    this.length += added.length;
    return this.length <= propertiesBytesMax;
  }

  /** The value of property UNIQ_KEY, undefined without. */
  uniqueKey(): string | undefined {
    return this.uniqueKeyEnd === 0 ? undefined : this.#buffer.toString('utf8', this.uniqueKeyStart, this.uniqueKeyEnd);
  }

  /** Adds the property UNIQ_KEY, which was missing. */
  setUniqueKey(value: string): void {
    this.uniqueKeyStart = this.length + uniqueKeyName.length + 1;
    this.append(uniqueKeyName, value);
    this.uniqueKeyEnd = this.length - 1;
  }

  /** Adds a property; `name` and `value` must not have the separators. */
  append(name: string, value: string): void {
    const buffer = this.#buffer;
    let at = this.length + buffer.write(name, this.length, 'latin1');
    buffer[at++] = nameSeparator;
    at += buffer.write(value, at, 'utf8');
    buffer[at++] = itemSeparator;
    this.length = at;
  }

  /** The rewritten string, until the next `begin`. */
  bytes(): Uint8Array {
    if (this.#view.length !== this.length) this.#view = this.#buffer.subarray(0, this.length);
    return this.#view;
  }

  /** Moves the items that stay to the front. Items without name, value or separator go, as Apache's parser drops them. */
  #rewrite(end: number, dropTimers: boolean): void {
    const buffer = this.#buffer;
    let start = 0;
    let target = 0;
    while (start < end) {
      let at = start;
      while (at < end && (buffer[at]! > itemSeparator || buffer[at] === 0)) at++;
      const separator = at;
      const isNamed = at < end && buffer[at] === nameSeparator;
      while (at < end && buffer[at] !== itemSeparator) at++;
      if (isNamed && separator > start && separator < at - 1) {
        const known = classify(buffer, start, separator);
        if (known !== Known.none) this.#note(known, separator + 1, at, start - target);
        if (known !== Known.replaced && !(dropTimers && known === Known.timer)) {
          if (target !== start) buffer.copyWithin(target, start, at);
          target += at - start;
          // The separator of what follows has been read already, or this was the end.
          buffer[target++] = itemSeparator;
        }
      }
      start = at + 1;
    }
    this.length = target;
  }

  /** `shift`: so many bytes the item moves to the front. */
  #note(known: Known, start: number, end: number, shift: number): void {
    const buffer = this.#buffer;
    switch (known) {
      case Known.tags:
        this.tagsCode = hashOfUtf8(buffer, start, end);
        break;
      case Known.wait:
        this.waitForStore = !isText(buffer, start, end, 'false');
        break;
      case Known.delay:
        this.delayLevel = readInt(buffer.toString('latin1', start, end));
        break;
      case Known.transaction:
        this.transaction = isText(buffer, start, end, 'true');
        break;
      case Known.uniqueKey:
        this.uniqueKeyStart = start - shift;
        this.uniqueKeyEnd = end - shift;
        break;
      case Known.timer:
        this.timer = true;
        break;
      case Known.innerCount:
        this.innerBatch = true;
        break;
      case Known.ttl:
        this.ttlMs = readTtl(buffer.toString('latin1', start, end));
        break;
      default:
    }
  }
}

function classify(buffer: Buffer, start: number, end: number): Known {
  const candidates = knownByLength[end - start];
  if (candidates === undefined) return Known.none;
  for (let index = 0; index < candidates.length; index++) {
    const { name, known } = candidates[index]!;
    let i = 0;
    while (i < name.length && buffer[start + i] === name[i]) i++;
    if (i === name.length) return known;
  }
  return Known.none;
}

/** Whether the bytes are `text` (lower case ASCII), ignoring case, as Java's `Boolean.parseBoolean`. */
function isText(buffer: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if ((buffer[start + i]! | 0x20) !== text.charCodeAt(i)) return false;
  return true;
}

function readInt(text: string): number {
  return /^[+-]?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
}

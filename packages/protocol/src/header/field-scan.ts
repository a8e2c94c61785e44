import { FrameLimits } from '../frame.ts';
import type { FieldReader } from '../frame.ts';
import type { HeaderOf, HeaderSchema } from '../header.ts';
import { absentValue, compileHeader, FieldKindCode, fieldsMax, invalidNumber } from './compiled-header.ts';
import type { CompiledHeader } from './compiled-header.ts';
import type { FastBuffer } from './fast-buffer.ts';
import { unescapeJson, unescapeJsonTo } from './json-unescape.ts';
import { textFrom } from './text-cache.ts';
import { booleanFromText, longFromText } from './text-number.ts';

/** How the value of an entry stands in the bytes. */
export const ValueForm = { plain: 0, escaped: 1, absent: 2 } as const;
type ValueForm = (typeof ValueForm)[keyof typeof ValueForm];

const entryWords = 5;

/**
 * Where the text fields of one header lie: filled by a scanner (JSON or binary), then read by key or by table. Nothing is copied. One scan
 * serves all headers of the process, one after the other; whoever reads makes sure that it is theirs (see {@link ScannedExt}).
 */
export class FieldScan implements FieldReader {
  /** The reader whose fields these are. */
  owner: object | undefined = undefined;
  buffer: FastBuffer = Buffer.alloc(0) as unknown as FastBuffer;
  count = 0;
  /** Scans of the same number have the same names in the same order; 0: not known. */
  layout = 0;
  /** An empty value stands for none: so it is in binary headers. */
  emptyIsAbsent = false;

  /** Per entry: start and end of the name, start and end of the value, form of the value. */
  readonly #entries = new Int32Array(entryWords * FrameLimits.extFieldsMax);
  /** Per field of the table being read: its entry + 1, or 0. */
  readonly #entryOfField = new Int32Array(fieldsMax);
  #compiled: CompiledHeader | undefined = undefined;
  /** What `#entryOfField` was made for. */
  #selectedLayout = 0;

  begin(buffer: FastBuffer, emptyIsAbsent: boolean): void {
    this.buffer = buffer;
    this.emptyIsAbsent = emptyIsAbsent;
    this.count = 0;
    this.layout = 0;
    this.owner = undefined;
  }

  /** False when there are too many. */
  add(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number, form: ValueForm): boolean {
    if (this.count === FrameLimits.extFieldsMax) return false;
    const entries = this.#entries;
    const at = entryWords * this.count++;
    entries[at] = nameStart;
    entries[at + 1] = nameEnd;
    entries[at + 2] = valueStart;
    entries[at + 3] = valueEnd;
    entries[at + 4] = form;
    return true;
  }

  /** The numbers of entry `index` as they were given to `add`: 0 start and 1 end of the name, 2 and 3 of the value, 4 its form. */
  part(index: number, part: number): number {
    return this.#entries[entryWords * index + part]!;
  }

  /** The value of the last entry of that name. */
  get(name: string): string | undefined {
    for (let entry = this.count - 1; entry >= 0; entry--) {
      const at = entryWords * entry;
      if (isName(this.buffer, this.#entries[at]!, this.#entries[at + 1]!, name)) return this.#text(entry);
    }
    return undefined;
  }

  toObject(): Record<string, string> {
    const all: Record<string, string> = Object.create(null);
    for (let entry = 0; entry < this.count; entry++) {
      const at = entryWords * entry;
      const name = textFrom(this.buffer, this.#entries[at]!, this.#entries[at + 1]!);
      const text = this.#text(entry);
      if (text === undefined) delete all[name];
      else all[name] = text;
    }
    return all;
  }

  /** Finds the fields of a table, for the readers below. */
  select(schema: HeaderSchema): this {
    this.#select(compileHeader(schema));
    return this;
  }

  /** Reads the fields of a table. @throws KiteError `KITE_HEADER_INVALID` */
  read<S extends HeaderSchema>(schema: S): HeaderOf<S> {
    const compiled = compileHeader(schema);
    this.#select(compiled);
    if (compiled.build !== undefined) return compiled.build(this) as HeaderOf<S>;
    const header: Record<string, unknown> = {};
    const { fields } = compiled;
    for (let index = 0; index < fields.length; index++) header[fields[index]!.name] = this.#value(fields[index]!.kindCode, index);
    return header as HeaderOf<S>;
  }

  #value(kind: FieldKindCode, field: number): unknown {
    switch (kind) {
      case FieldKindCode.string:
        return this.string(field);
      case FieldKindCode.boolean:
        return this.boolean(field);
      case FieldKindCode.int:
        return this.int(field);
      default:
        return this.long(field);
    }
  }

  /** Finds the entry of each field of the table. */
  #select(compiled: CompiledHeader): void {
    if (this.layout !== 0 && this.layout === this.#selectedLayout && compiled === this.#compiled) return;
    const { buffer } = this;
    const entries = this.#entries;
    const entryOfField = this.#entryOfField;
    const fieldCount = compiled.fields.length;
    for (let field = 0; field < fieldCount; field++) entryOfField[field] = 0;
    this.#compiled = compiled;
    this.#selectedLayout = this.layout;
    for (let entry = 0; entry < this.count; entry++) {
      const at = entryWords * entry;
      const field = compiled.keys.find(buffer, entries[at]!, entries[at + 1]!);
      if (field >= 0) entryOfField[field] = entry + 1;
    }
  }

  /** Value of a field of the selected table. */
  string(field: number): string | undefined {
    const entry = this.#entryOfField[field]! - 1;
    const text = entry < 0 ? undefined : this.#text(entry);
    return text ?? (this.#absent(field) as string | undefined);
  }

  boolean(field: number): boolean | undefined {
    const entry = this.#entryOfField[field]! - 1;
    if (entry < 0) return this.#absent(field) as boolean | undefined;
    const at = entryWords * entry;
    // What clients write, without making a string.
    if (this.#entries[at + 4] === ValueForm.plain) {
      const start = this.#entries[at + 2]!;
      const length = this.#entries[at + 3]! - start;
      if (length === 4 && isName(this.buffer, start, start + 4, 'true')) return true;
      if (length === 5 && isName(this.buffer, start, start + 5, 'false')) return false;
    }
    const text = this.#text(entry) ?? '';
    return text === '' ? (this.#absent(field) as boolean | undefined) : booleanFromText(text);
  }

  int(field: number): number | undefined {
    const value = this.long(field);
    if (value !== undefined && (value > 2_147_483_647 || value < -2_147_483_648)) throw this.#invalid(field);
    return value;
  }

  long(field: number): number | undefined {
    const entry = this.#entryOfField[field]! - 1;
    if (entry < 0) return this.#absent(field) as number | undefined;
    const at = entryWords * entry;
    const start = this.#entries[at + 2]!;
    const end = this.#entries[at + 3]!;
    const form = this.#entries[at + 4];
    if (form === ValueForm.absent || start === end) return this.#absent(field) as number | undefined;
    const value = form === ValueForm.plain ? digitsFrom(this.buffer, start, end) : longFromText(this.#text(entry) ?? '');
    if (value === value) return value;
    throw this.#invalid(field);
  }

  require(field: number): void {
    const entry = this.#entryOfField[field]! - 1;
    if (entry < 0 || (this.emptyIsAbsent && this.#entries[entryWords * entry + 2] === this.#entries[entryWords * entry + 3])) this.#absent(field);
  }

  copyText(field: number, target: Uint8Array, offset: number): number {
    const entry = this.#entryOfField[field]! - 1;
    if (entry < 0) return offset;
    const at = entryWords * entry;
    const start = this.#entries[at + 2]!;
    const end = this.#entries[at + 3]!;
    if (end - start > target.length - offset) return -1;
    switch (this.#entries[at + 4]) {
      case ValueForm.plain:
        return copyBytes(this.buffer, start, end, target, offset);
      case ValueForm.escaped:
        return unescapeJsonTo(this.buffer, start, end, target, offset);
      default:
        return offset;
    }
  }

  #text(entry: number): string | undefined {
    const at = entryWords * entry;
    const start = this.#entries[at + 2]!;
    const end = this.#entries[at + 3]!;
    switch (this.#entries[at + 4]) {
      case ValueForm.plain:
        return start === end && this.emptyIsAbsent ? undefined : textFrom(this.buffer, start, end);
      case ValueForm.escaped:
        return unescapeJson(this.buffer, start, end);
      default:
        return undefined;
    }
  }

  #absent(field: number): unknown {
    const compiled = this.#compiled!;
    const { required } = compiled.fields[field]!;
    return required ? absentValue(compiled.schema, compiled.fields[field]!) : undefined;
  }

  #invalid(field: number): Error {
    return invalidNumber(this.#compiled!.schema, this.#compiled!.fields[field]!);
  }
}

/** Below this a loop is faster than a native call. */
const loopMax = 256;

function copyBytes(from: FastBuffer, start: number, end: number, target: Uint8Array, offset: number): number {
  if (end - start > loopMax) from.copy(target, offset, start, end);
  else for (let at = start, to = offset; at < end; at++, to++) target[to] = from[at]!;
  return offset + end - start;
}

/** Is `name` what stands in `[start, end)`? Names are nearly always ASCII. */
function isName(buffer: FastBuffer, start: number, end: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    const unit = name.charCodeAt(index);
    if (unit >= 0x80) return buffer.utf8Slice(start, end) === name;
    if (start + index >= end || buffer[start + index] !== unit) return false;
  }
  return end - start === name.length;
}

/** The decimal in `[start, end)`, not empty, as {@link longFromText} reads it. */
function digitsFrom(buffer: FastBuffer, start: number, end: number): number {
  const first = buffer[start]!;
  const signed = first === 0x2d || first === 0x2b;
  let at = signed ? start + 1 : start;
  if (end - at < 1 || end - at > 15) return longFromText(buffer.latin1Slice(start, end));
  let value = 0;
  for (; at < end; at++) {
    const digit = buffer[at]! - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return first === 0x2d && value !== 0 ? -value : value;
}

/** The one scan of this process: decoding is synchronous. */
export const sharedScan: FieldScan = new FieldScan();

import { LastView } from '../header/fast-buffer.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { ValueForm } from '../header/field-scan.ts';
import type { FieldScan } from '../header/field-scan.ts';
import { numberEnd, numberIn, plainEnd, stringEnd, stringStops } from './compact-json-scan.ts';
import type { FixedPart } from './compact-json-scan.ts';

/** Longer headers are seldom the same twice. */
const shapeBytesMax = 1_024;
const wordBytes = 4;
const slotBits = 3;
/** Spreads the four bytes behind `{"code":` over the slots. */
const spread = 0x9e3779b1;
/** Where those are. */
const codeAt = 8;
const backslash = 0x5c;
/** Bytes of an escape sequence behind its backslash, at most: `u0001`. */
const escapeRestMax = 5;

/** What may differ from header to header. `language` may not, but has to be found. */
const Part = { field: 0, opaque: 1, language: 2 } as const;
/** Per part: which, start and end of its value; of a field also start and end of its name, and the form of its value. */
const partNumbers = 6;

/** Numbers the shapes of this process. */
let layouts = 0;

/**
 * The last compact JSON header of a kind. The next one of the same client differs from it in a few values, so they are compared eight bytes at a
 * time, and only where they differ is looked at what stands there. What `read` accepts {@link scanCompactJson} would have read the same way.
 */
class HeaderShape {
  readonly #bytes: Uint8Array = new Uint8Array(shapeBytesMax);
  readonly #view: DataView = new DataView(this.#bytes.buffer);
  #length = 0;
  #layout = 0;
  /** In order of their places, which count from the header's start. */
  #parts = new Int32Array(0);
  #partsEnd = 0;
  #code = 0;
  #flag = 0;
  #version = 0;
  #extStart = 0;
  #extEnd = 0;

  /** Remembers the header in `[start, end)`, which was read into `found` and `fields`. */
  learn(buffer: FastBuffer, start: number, end: number, found: FixedPart, fields: FieldScan): void {
    this.#length = 0;
    if (fields.count === 0 || found.opaqueStart < 0) return;
    const parts: number[][] = [];
    for (let field = 0; field < fields.count; field++) {
      parts.push([Part.field, fields.part(field, 2) - start, fields.part(field, 3) - start, fields.part(field, 0) - start, fields.part(field, 1) - start, fields.part(field, 4)]);
    }
    parts.push([Part.opaque, found.opaqueStart - start, found.opaqueEnd - start, 0, 0, 0]);
    if (found.languageStart >= 0) parts.push([Part.language, found.languageStart - start, found.languageEnd - start, 0, 0, 0]);
    parts.sort((one, other) => one[1]! - other[1]!);
    this.#parts = Int32Array.from(parts.flat());
    this.#partsEnd = this.#parts.length;
    this.#bytes.set(buffer.subarray(start, end));
    this.#length = end - start;
    this.#layout = ++layouts;
    this.#code = found.code;
    this.#flag = found.flag;
    this.#version = found.version;
    // Relative to the first name and to the last value.
    this.#extStart = found.extStart - fields.part(0, 0);
    this.#extEnd = found.extEnd - fields.part(fields.count - 1, 3);
  }

  /** Reads the header in `[start, end)`, if it differs from the shape in values only; false, with the results half filled in, else. */
  read(buffer: FastBuffer, view: DataView, start: number, end: number, found: FixedPart, fields: FieldScan): boolean {
    const parts = this.#parts;
    const length = this.#length;
    const own = this.#bytes;
    let part = 0;
    let at = start;
    let shapeAt = 0;
    for (;;) {
      const same = this.#sameBytes(view, at, shapeAt, Math.min(length - shapeAt, end - at));
      at += same;
      shapeAt += same;
      const shift = at - shapeAt;
      // A value that was passed together with what ends it is the shape's.
      for (; part < this.#partsEnd && parts[part + 2]! < shapeAt; part += partNumbers) place(parts, part, shift, parts[part + 2]! + shift, parts[part + 5]!, found, fields);
      if (shapeAt === length || at === end) break;
      if (part === this.#partsEnd || shapeAt < parts[part + 1]!) return false;
      const valueStart = parts[part + 1]! + shift;
      let form = parts[part + 5]!;
      // Other characters where some stood: a value of the same length, most often.
      if (parts[part] === Part.field && (form === ValueForm.plain || outsideEscape(buffer, valueStart, at) === at)) {
        const before = at;
        for (const sameEnd = parts[part + 2]!; shapeAt < sameEnd && buffer[at] !== own[shapeAt] && stringStops[buffer[at]!] === 0 && own[shapeAt] !== backslash; shapeAt++) at++;
        if (at !== before) continue;
      }
      let valueEnd: number;
      switch (parts[part]) {
        case Part.opaque:
          valueEnd = numberEnd(buffer, valueStart);
          break;
        case Part.field: {
          const plain = plainEnd(buffer, form === ValueForm.plain ? at : outsideEscape(buffer, valueStart, at), end);
          valueEnd = stringEnd(buffer, plain, end);
          if (valueEnd !== plain) form = ValueForm.escaped;
          break;
        }
        default:
          return false;
      }
      if (valueEnd < 0) return false;
      place(parts, part, shift, valueEnd, form, found, fields);
      shapeAt = parts[part + 2]!;
      at = valueEnd;
      part += partNumbers;
    }
    if (shapeAt !== length || at !== end || length === 0) return false;
    fields.layout = this.#layout;
    found.code = this.#code;
    found.flag = this.#flag;
    found.version = this.#version;
    found.opaque = numberIn(buffer, found.opaqueStart, found.opaqueEnd);
    found.extStart = fields.part(0, 0) + this.#extStart;
    found.extEnd = fields.part(fields.count - 1, 3) + this.#extEnd;
    return true;
  }

  /** How many of `length` bytes are the same from `at` in `view` and from `shapeAt` in the shape on. */
  #sameBytes(view: DataView, at: number, shapeAt: number, length: number): number {
    const own = this.#view;
    let same = 0;
    for (; same + 2 * wordBytes <= length; same += 2 * wordBytes) {
      if (((view.getInt32(at + same, true) ^ own.getInt32(shapeAt + same, true)) | (view.getInt32(at + same + wordBytes, true) ^ own.getInt32(shapeAt + same + wordBytes, true))) !== 0) break;
    }
    for (; same + wordBytes <= length; same += wordBytes) {
      const difference = view.getInt32(at + same, true) ^ own.getInt32(shapeAt + same, true);
      // The lowest bit that differs is in the first byte that does.
      if (difference !== 0) return same + ((31 - Math.clz32(difference & -difference)) >> 3);
    }
    while (same < length && view.getUint8(at + same) === own.getUint8(shapeAt + same)) same++;
    return same;
  }
}

function place(parts: Int32Array, part: number, shift: number, valueEnd: number, form: number, found: FixedPart, fields: FieldScan): void {
  const valueStart = parts[part + 1]! + shift;
  switch (parts[part]) {
    case Part.field:
      fields.add(parts[part + 3]! + shift, parts[part + 4]! + shift, valueStart, valueEnd, form as 0 | 1);
      break;
    case Part.opaque:
      found.opaqueStart = valueStart;
      found.opaqueEnd = valueEnd;
      break;
    default:
      found.languageStart = valueStart;
      found.languageEnd = valueEnd;
  }
}

/** `at`, unless it may be inside of an escape sequence of the value that begins at `start`: then that. */
function outsideEscape(buffer: FastBuffer, start: number, at: number): number {
  for (let before = Math.max(start, at - escapeRestMax); before < at; before++) if (buffer[before] === backslash) return start;
  return at;
}

/** The last headers by what stands where clients write the code, so that requests of several kinds do not displace each other. */
export class HeaderShapes {
  readonly #slots: (HeaderShape | undefined)[] = Array.from({ length: 1 << slotBits }, () => undefined);
  readonly #input = new LastView();

  /** As {@link scanCompactJson}, from the shape of an earlier header. */
  read(buffer: FastBuffer, start: number, end: number, found: FixedPart, fields: FieldScan): boolean {
    if (end - start < codeAt + wordBytes || end - start > shapeBytesMax) return false;
    const view = this.#input.of(buffer);
    return this.#slots[slotOf(view, start)]?.read(buffer, view, start, end, found, fields) === true;
  }

  /** Remembers a header that was read otherwise. */
  learn(buffer: FastBuffer, start: number, end: number, found: FixedPart, fields: FieldScan): void {
    if (end - start < codeAt + wordBytes || end - start > shapeBytesMax) return;
    const slot = slotOf(this.#input.of(buffer), start);
    (this.#slots[slot] ??= new HeaderShape()).learn(buffer, start, end, found, fields);
  }
}

const slotOf = (view: DataView, start: number): number => Math.imul(view.getInt32(start + codeAt, true), spread) >>> (32 - slotBits);

import { scanCompactJson, stringStops } from './compact-json-scan.ts';
import { HeaderShapes } from './header-shapes.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { ValueForm } from '../header/field-scan.ts';
import type { FieldScan } from '../header/field-scan.ts';
import { hexDigit, unescapeJson } from '../header/json-unescape.ts';

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const closeBrace = 0x7d;

/**
 * Reads a JSON header in place, one pass, without making a string. It takes a strict subset of JSON (string or integer values, one level of
 * `extFields` of strings) and gives up on all else: `scan` is then false, and the caller parses the text instead.
 */
export class JsonHeaderScanner {
  code = 0;
  version = 0;
  opaque = 0;
  opaqueStart = -1;
  opaqueEnd = -1;
  flag = 0;
  /** Content of the language's name; -1 without. */
  languageStart = -1;
  languageEnd = -1;
  remarkStart = -1;
  remarkEnd = -1;
  /** The object `extFields`, braces included; empty without. */
  extStart = 0;
  extEnd = 0;

  readonly #shapes = new HeaderShapes();
  #buffer!: FastBuffer;
  #end = 0;
  #at = 0;
  #number = 0;
  #stringStart = 0;
  #stringEnd = 0;
  #escaped = false;
  #remarkEscaped = false;

  /** Fills in the fields of this object and `fields`. */
  scan(buffer: FastBuffer, start: number, end: number, fields: FieldScan): boolean {
    this.#reset(start);
    if (this.#shapes.read(buffer, start, end, this, fields)) return true;
    this.#reset(start);
    fields.count = 0;
    if (scanCompactJson(buffer, start, end, this, fields)) {
      this.#shapes.learn(buffer, start, end, this, fields);
      return true;
    }
    fields.count = 0;
    return this.#scanLoosely(buffer, start, end, fields);
  }

  #reset(start: number): void {
    this.code = this.version = this.opaque = this.flag = 0;
    this.languageStart = this.remarkStart = this.opaqueStart = -1;
    this.extStart = this.extEnd = start;
  }

  #scanLoosely(buffer: FastBuffer, start: number, end: number, fields: FieldScan): boolean {
    this.#reset(start);
    this.#buffer = buffer;
    this.#end = end;
    this.#at = start;
    this.#skipSpace();
    if (buffer[this.#at++] !== 0x7b) return false;
    for (;;) {
      this.#skipSpace();
      if (!this.#string() || this.#escaped) return false;
      const nameStart = this.#stringStart;
      const nameEnd = this.#stringEnd;
      if (!this.#passColon() || !this.#member(nameStart, nameEnd, fields)) return false;
      this.#skipSpace();
      if (this.#at >= end) return false;
      const unit = buffer[this.#at++];
      if (unit === comma) continue;
      if (unit !== closeBrace) return false;
      this.#skipSpace();
      return this.#at === end;
    }
  }

  /** Scans an `extFields` object alone. */
  scanFields(buffer: FastBuffer, start: number, end: number, fields: FieldScan): boolean {
    this.#buffer = buffer;
    this.#end = end;
    this.#at = start;
    return this.#fields(fields);
  }

  remark(buffer: FastBuffer): string {
    return this.#remarkEscaped ? unescapeJson(buffer, this.remarkStart, this.remarkEnd) : buffer.utf8Slice(this.remarkStart, this.remarkEnd);
  }

  #member(nameStart: number, nameEnd: number, fields: FieldScan): boolean {
    const first = this.#buffer[nameStart];
    switch (nameEnd - nameStart) {
      case 4:
        if (first === 0x63 && this.#is(nameStart, 'code')) return this.#codeNumber();
        if (first === 0x66 && this.#is(nameStart, 'flag')) return this.#flagNumber();
        break;
      case 6:
        if (first === 0x6f && this.#is(nameStart, 'opaque')) return this.#opaqueNumber();
        if (first === 0x72 && this.#is(nameStart, 'remark')) return this.#remark();
        break;
      case 7:
        if (this.#is(nameStart, 'version')) return this.#versionNumber();
        break;
      case 8:
        if (this.#is(nameStart, 'language')) return this.#language();
        break;
      case 9:
        if (this.#is(nameStart, 'extFields')) return this.#extFields(fields);
        break;
    }
    return this.#buffer[this.#at] === quote ? this.#string() : this.#integer();
  }

  #codeNumber(): boolean {
    if (!this.#integer()) return false;
    this.code = this.#number;
    return true;
  }

  #flagNumber(): boolean {
    if (!this.#integer()) return false;
    this.flag = this.#number;
    return true;
  }

  #opaqueNumber(): boolean {
    if (!this.#integer()) return false;
    this.opaque = this.#number;
    return true;
  }

  #versionNumber(): boolean {
    if (!this.#integer()) return false;
    this.version = this.#number;
    return true;
  }

  #remark(): boolean {
    if (!this.#string()) return false;
    this.remarkStart = this.#stringStart;
    this.remarkEnd = this.#stringEnd;
    this.#remarkEscaped = this.#escaped;
    return true;
  }

  #language(): boolean {
    if (!this.#string() || this.#escaped) return false;
    this.languageStart = this.#stringStart;
    this.languageEnd = this.#stringEnd;
    return true;
  }

  #extFields(fields: FieldScan): boolean {
    fields.count = 0;
    this.extStart = this.#at;
    if (!this.#fields(fields)) return false;
    this.extEnd = this.#at;
    return true;
  }

  #fields(fields: FieldScan): boolean {
    const buffer = this.#buffer;
    const end = this.#end;
    if (this.#at >= end || buffer[this.#at++] !== 0x7b) return false;
    this.#skipSpace();
    if (buffer[this.#at] === closeBrace && this.#at < end) {
      this.#at++;
      return true;
    }
    for (;;) {
      if (buffer[this.#at] !== quote) this.#skipSpace();
      if (this.#at >= end || buffer[this.#at] !== quote) return false;
      const nameStart = this.#at + 1;
      const nameEnd = plainEnd(buffer, nameStart, end);
      if (nameEnd >= end || buffer[nameEnd] !== quote) return false;
      this.#at = nameEnd + 1;
      // Most often `":"` stands there.
      if (buffer[nameEnd + 1] === colon && buffer[nameEnd + 2] === quote) this.#at++;
      else if (!this.#passColon()) return false;
      if (!this.#string()) return false;
      const form = this.#escaped ? ValueForm.escaped : ValueForm.plain;
      if (!fields.add(nameStart, nameEnd, this.#stringStart, this.#stringEnd, form)) return false;
      if (buffer[this.#at] !== comma) this.#skipSpace();
      if (this.#at >= end) return false;
      const unit = buffer[this.#at++];
      if (unit === comma) continue;
      return unit === closeBrace;
    }
  }

  /** Steps over a string; its content is then in `#stringStart`, `#stringEnd`, `#escaped`. */
  #string(): boolean {
    const buffer = this.#buffer;
    const end = this.#end;
    let at = this.#at;
    if (at >= end || buffer[at] !== quote) return false;
    this.#stringStart = ++at;
    this.#escaped = false;
    for (;;) {
      at = plainEnd(buffer, at, end);
      if (at >= end) return false;
      const unit = buffer[at]!;
      if (unit === quote) break;
      if (unit !== 0x5c) return false;
      const length = escapeLength(buffer, at, end);
      if (length === 0) return false;
      this.#escaped = true;
      at += length;
    }
    this.#stringEnd = at;
    this.#at = at + 1;
    return true;
  }

  /** Steps over an integer of 32 bits. */
  #integer(): boolean {
    const buffer = this.#buffer;
    let at = this.#at;
    const negative = buffer[at] === 0x2d;
    if (negative) at++;
    const start = at;
    let value = 0;
    while (at < this.#end) {
      const digit = buffer[at]! - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      at++;
    }
    const digits = at - start;
    if (digits === 0 || digits > 10 || (digits > 1 && buffer[start] === 0x30)) return false;
    value = negative ? -value : value;
    if (value !== (value | 0)) return false;
    this.#number = value | 0;
    this.#at = at;
    return true;
  }

  #passColon(): boolean {
    if (this.#buffer[this.#at] !== colon) this.#skipSpace();
    if (this.#at >= this.#end || this.#buffer[this.#at] !== colon) return false;
    this.#at++;
    this.#skipSpace();
    return this.#at < this.#end;
  }

  #is(start: number, name: string): boolean {
    for (let index = 0; index < name.length; index++) if (this.#buffer[start + index] !== name.charCodeAt(index)) return false;
    return true;
  }

  #skipSpace(): void {
    const buffer = this.#buffer;
    while (this.#at < this.#end) {
      const unit = buffer[this.#at];
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at++;
    }
  }
}

/** The end of the run of plain string content that begins at `start`. */
function plainEnd(buffer: FastBuffer, start: number, end: number): number {
  let at = start;
  while (at < end && stringStops[buffer[at]!] === 0) at++;
  return at;
}

/** Length of the escape sequence at `at`, 0 when it is none. */
function escapeLength(buffer: FastBuffer, at: number, end: number): number {
  if (at + 1 >= end) return 0;
  switch (buffer[at + 1]) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return 2;
    case 0x75:
      if (at + 6 > end) return 0;
      // The separators of message properties.
      if (buffer[at + 2] === 0x30 && buffer[at + 3] === 0x30 && buffer[at + 4] === 0x30 && (buffer[at + 5] === 0x31 || buffer[at + 5] === 0x32)) return 6;
      for (let digit = at + 2; digit < at + 6; digit++) if (hexDigit(buffer[digit]!) < 0) return 0;
      return 6;
    default:
      return 0;
  }
}

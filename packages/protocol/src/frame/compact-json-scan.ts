import type { FastBuffer } from '../header/fast-buffer.ts';
import { ValueForm } from '../header/field-scan.ts';
import type { FieldScan } from '../header/field-scan.ts';
import { hexDigit } from '../header/json-unescape.ts';

/** What {@link scanCompactJson} finds besides the text fields. */
export interface FixedPart {
  code: number;
  version: number;
  opaque: number;
  /** Its digits. */
  opaqueStart: number;
  opaqueEnd: number;
  flag: number;
  languageStart: number;
  languageEnd: number;
  extStart: number;
  extEnd: number;
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const backslash = 0x5c;
const minus = 0x2d;
/** More digits may be more than 32 bits. */
const digitsMax = 9;

/** Bytes that end a run of plain string content: the quote, the backslash, and control characters, which JSON forbids. */
export const stringStops: Uint8Array = new Uint8Array(256);
for (let unit = 0; unit < 0x20; unit++) stringStops[unit] = 1;
stringStops[quote] = 1;
stringStops[backslash] = 1;

const word = (text: string): number => Buffer.from(text, 'latin1').readInt32BE();
const code = word('code');
const flag = word('flag');
const opaque = word('opaq');
const version = word('vers');
const language = word('lang');
const serialization = word('seri');
const extFields = word('extF');
const opaqueRest = Buffer.from('ue":');
const versionRest = Buffer.from('ion":');
const languageRest = Buffer.from('uage":"');
const serializationRest = Buffer.from('alizeTypeCurrentRPC":"');
const extFieldsRest = Buffer.from('ields":{');
const twoRest = Buffer.from('":');

/**
 * Reads the header that clients do send, in one pass: no white space, no remark, the members of a RemotingCommand and no other, numbers of up to
 * nine digits (ten when the first is 1). False, with the results half filled in, for everything else: another reader has to look at it, then.
 */
export function scanCompactJson(buffer: FastBuffer, start: number, end: number, found: FixedPart, fields: FieldScan): boolean {
  if (end - start < 2 || end > buffer.length || buffer[start] !== openBrace || buffer[end - 1] !== closeBrace) return false;
  let at = start + 1;
  for (;;) {
    if (buffer[at] !== quote) return false;
    const name = (buffer[at + 1]! << 24) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 8) | buffer[at + 4]!;
    at += 5;
    if (name === extFields) {
      if (!stands(buffer, at, extFieldsRest)) return false;
      found.extStart = at + extFieldsRest.length - 1;
      at = scanFields(buffer, at + extFieldsRest.length, end, fields);
      if (at < 0) return false;
      found.extEnd = at;
    } else if (name === language || name === serialization) {
      const rest = name === language ? languageRest : serializationRest;
      if (!stands(buffer, at, rest)) return false;
      const textStart = at + rest.length;
      at = plainEnd(buffer, textStart, end);
      if (buffer[at] !== quote) return false;
      if (name === language) {
        found.languageStart = textStart;
        found.languageEnd = at;
      }
      at++;
    } else {
      const rest = name === opaque ? opaqueRest : name === version ? versionRest : twoRest;
      if (!stands(buffer, at, rest)) return false;
      at += rest.length;
      const digits = at;
      at = numberEnd(buffer, digits);
      if (at < 0) return false;
      const value = numberIn(buffer, digits, at);
      if (name === opaque) {
        found.opaque = value;
        found.opaqueStart = digits;
        found.opaqueEnd = at;
      } else if (name === code) found.code = value;
      else if (name === flag) found.flag = value;
      else if (name === version) found.version = value;
      else return false;
    }
    const unit = buffer[at++];
    if (unit === comma) continue;
    return unit === closeBrace && at === end;
  }
}

/** The fields behind an opening brace; the offset behind the closing one, or -1. */
function scanFields(buffer: FastBuffer, start: number, end: number, fields: FieldScan): number {
  fields.count = 0;
  let at = start;
  if (buffer[at] === closeBrace) return at + 1;
  for (;;) {
    if (buffer[at] !== quote) return -1;
    const nameStart = at + 1;
    // Most names are one letter.
    const nameEnd = buffer[nameStart + 1] === quote && stringStops[buffer[nameStart]!] === 0 ? nameStart + 1 : plainEnd(buffer, nameStart, end);
    if (buffer[nameEnd] !== quote || buffer[nameEnd + 1] !== colon || buffer[nameEnd + 2] !== quote) return -1;
    const valueStart = nameEnd + 3;
    const plain = plainEnd(buffer, valueStart, end);
    at = stringEnd(buffer, plain, end);
    if (at < 0) return -1;
    if (!fields.add(nameStart, nameEnd, valueStart, at, at === plain ? ValueForm.plain : ValueForm.escaped)) return -1;
    const unit = buffer[at + 1];
    at += 2;
    if (unit === comma) continue;
    return unit === closeBrace && at < end ? at : -1;
  }
}

/** The quote that ends the string whose content goes on at `start`; -1 when its content is no valid one, or one that is seldom seen. */
export function stringEnd(buffer: FastBuffer, start: number, end: number): number {
  let at = plainEnd(buffer, start, end);
  while (buffer[at] === backslash) {
    const length = escapeLength(buffer, at);
    if (length === 0) return -1;
    at = plainEnd(buffer, at + length, end);
  }
  return at < end && buffer[at] === quote ? at : -1;
}

/** The end of the integer at `start`; -1 when there is none, or one that may have more than 32 bits. */
export function numberEnd(buffer: FastBuffer, start: number): number {
  const first = buffer[start] === minus ? start + 1 : start;
  let at = first;
  while (buffer[at]! >= 0x30 && buffer[at]! <= 0x39) at++;
  const digits = at - first;
  if (digits === 0 || digits > digitsMax + 1 || (digits > 1 && buffer[first] === 0x30)) return -1;
  // Ten digits: only what certainly fits.
  return digits > digitsMax && buffer[first] !== 0x31 ? -1 : at;
}

/** The integer in `[start, end)`, which {@link numberEnd} has found. */
export function numberIn(buffer: FastBuffer, start: number, end: number): number {
  const negative = buffer[start] === minus;
  let value = 0;
  for (let at = negative ? start + 1 : start; at < end; at++) value = value * 10 + buffer[at]! - 0x30;
  return negative ? -value | 0 : value;
}

/** The end of the run of plain string content that begins at `start`. */
export function plainEnd(buffer: FastBuffer, start: number, end: number): number {
  let at = start;
  while (at < end && stringStops[buffer[at]!] === 0) at++;
  return at;
}

/** Length of the escape sequence at `at`, 0 when it is none, or one that is seldom seen. */
function escapeLength(buffer: FastBuffer, at: number): number {
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
      if (buffer[at + 2] !== 0x30 || buffer[at + 3] !== 0x30) return 0;
      return hexDigit(buffer[at + 4]!) < 0 || hexDigit(buffer[at + 5]!) < 0 ? 0 : 6;
    default:
      return 0;
  }
}

function stands(buffer: FastBuffer, at: number, text: Uint8Array): boolean {
  for (let index = 0; index < text.length; index++) if (buffer[at + index] !== text[index]) return false;
  return true;
}

import { KiteError } from '@kitemq/runtime';
import { asBuffer } from '../header/fast-buffer.ts';
import { PropertyName } from './property-name.ts';
import { hashOfUtf8 } from './tags.ts';

const nameEnd = 0x01;
const itemEnd = 0x02;

/**
 * Reads a property string (`name 1 value 2 …`) as Java does: what has an empty name or an empty value, or no separator, is dropped; only the
 * first separator splits; the last terminator may be missing; later duplicates win. The object has no prototype.
 */
export function decodeProperties(text: string): Record<string, string> {
  const properties: Record<string, string> = Object.create(null);
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf('\u0002', start);
    if (end < 0) end = text.length;
    const split = text.indexOf('\u0001', start);
    if (split > start && split < end - 1) properties[text.slice(start, split)] = text.slice(split + 1, end);
    start = end + 1;
  }
  return properties;
}

/** The same from UTF-8 bytes. */
export function decodePropertyBytes(bytes: Uint8Array, start = 0, end: number = bytes.length): Record<string, string> {
  return decodeProperties(asBuffer(bytes).utf8Slice(start, end));
}

/**
 * The property string of `properties`; undefined values are left out.
 * @throws KiteError `KITE_PROPERTY_ILLEGAL` for a name or value that holds one of the two separators
 */
export function encodeProperties(properties: Readonly<Record<string, string | undefined>>): string {
  let text = '';
  for (const name of Object.keys(properties)) {
    const value = properties[name];
    if (value === undefined) continue;
    if (hasSeparator(name) || value.includes('\u0002')) {
      throw new KiteError('KITE_PROPERTY_ILLEGAL', `The property ${JSON.stringify(name)} holds a separator (character 1 or 2)`, { details: { name } });
    }
    text += `${name}\u0001${value}\u0002`;
  }
  return text;
}

function hasSeparator(text: string): boolean {
  return text.includes('\u0001') || text.includes('\u0002');
}

/** One property's name, prepared for finding it in a property string's bytes without reading the others. */
export class PropertyKey {
  readonly name: string;
  readonly #bytes: Uint8Array;

  constructor(name: string) {
    this.name = name;
    this.#bytes = Buffer.from(name, 'utf8');
  }

  /** The value, or undefined. */
  find(bytes: Uint8Array, start = 0, end: number = bytes.length): string | undefined {
    const at = this.#locate(bytes, start, end);
    return at < 0 ? undefined : asBuffer(bytes).utf8Slice(at, valueEnd(bytes, at, end));
  }

  /** The Java hash of the value, 0 without the property: of TAGS, what a queue entry holds. */
  hash(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
    const at = this.#locate(bytes, start, end);
    return at < 0 ? 0 : hashOfUtf8(bytes, at, valueEnd(bytes, at, end));
  }

  has(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    return this.#locate(bytes, start, end) >= 0;
  }

  /** First byte of the value in the last item of that name, -1 without. */
  #locate(bytes: Uint8Array, start: number, end: number): number {
    const name = this.#bytes;
    let found = -1;
    let at = start;
    while (at < end) {
      const split = at + name.length;
      if (split + 1 < end && bytes[split] === nameEnd && bytes[split + 1] !== itemEnd && matches(bytes, at, name)) found = split + 1;
      while (at < end && bytes[at] !== itemEnd) at++;
      at++;
    }
    return found;
  }
}

function matches(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) if (bytes[at + index] !== name[index]) return false;
  return true;
}

function valueEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== itemEnd) at++;
  return at;
}

const tagsKey = new PropertyKey(PropertyName.tags);

/** The Java hash of TAGS in a property string, 0 without tags: what a queue entry holds for filtering. */
export function tagsCodeOf(properties: Uint8Array, start = 0, end: number = properties.length): number {
  return tagsKey.hash(properties, start, end);
}

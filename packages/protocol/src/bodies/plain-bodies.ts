import type { BodyCodec } from '../body.ts';
import { asBuffer } from '../header/fast-buffer.ts';

/** No body; one that is there is ignored. */
export const noBody: BodyCodec<undefined> = { name: 'none', encode: () => undefined, decode: () => undefined };

/** Bytes as they are: a view on decoding, uncopied on encoding. No body reads as zero bytes. */
export function bytesBody(name: string): BodyCodec<Uint8Array> {
  return { name, encode: (value) => (value.length === 0 ? undefined : value), decode: (bytes) => bytes ?? noBytes };
}
const noBytes = new Uint8Array(0);

/** UTF-8 text. No body reads as empty text. */
export function textBody(name: string): BodyCodec<string> {
  return {
    name,
    encode: (value) => (value === '' ? undefined : Buffer.from(value)),
    decode: (bytes) => (bytes === undefined ? '' : asBuffer(bytes).utf8Slice(0, bytes.length)),
  };
}

/** Stored-message records, one after the other: read them with `decodeMessages`. */
export const recordsBody: BodyCodec<Uint8Array> = bytesBody('stored message records');

/** Text in the format of Java's `.properties` files: read it with `readProperties`. */
export const propertiesBody: BodyCodec<string> = textBody('properties text');

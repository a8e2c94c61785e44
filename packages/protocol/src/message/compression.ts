import { deflateSync, inflateSync } from 'node:zlib';
import { KiteError } from '@kitemq/runtime';
import { compressionTypeOf, MessageSysFlag } from '../sys-flag.ts';
import type { CompressionType } from '../sys-flag.ts';

/** A body that grows beyond this when decompressed is refused. */
export const decompressedBytesMax = 67_108_864;

/**
 * Decompresses a body, to at most `bytesMax` bytes. LZ4 is its frame format, ZLIB is RFC 1950.
 * Anything it throws counts as a broken body.
 */
export type Decompressor = (type: CompressionType, body: Uint8Array, bytesMax: number) => Uint8Array;

/** Knows ZLIB, which Node has. For LZ4 and ZSTD give a {@link Decompressor} of your own. */
export const zlibDecompressor: Decompressor = (type, body, bytesMax) => {
  if (type !== 'ZLIB') {
    throw new KiteError('KITE_COMPRESSION_UNSUPPORTED', `The message is compressed with ${type}: pass a decompressor that knows it`, { details: { type } });
  }
  return inflateSync(body, { maxOutputLength: bytesMax });
};

/**
 * The body as the producer gave it.
 * @throws KiteError `KITE_COMPRESSION_UNSUPPORTED`, `KITE_BODY_INVALID` when it is broken or grows beyond `bytesMax`
 */
export function decompressBody(
  body: Uint8Array,
  sysFlag: number,
  decompressor: Decompressor = zlibDecompressor,
  bytesMax: number = decompressedBytesMax,
): Uint8Array {
  if ((sysFlag & MessageSysFlag.compressed) === 0) return body;
  const type = compressionTypeOf(sysFlag);
  if (type === undefined) throw new KiteError('KITE_COMPRESSION_UNSUPPORTED', `The message's compression type is not known: sysFlag ${sysFlag}`);
  try {
    return decompressor(type, body, bytesMax);
  } catch (cause) {
    if (KiteError.is(cause)) throw cause;
    throw new KiteError('KITE_BODY_INVALID', `The body is no sound ${type} data, or grows beyond ${bytesMax} bytes`, { cause });
  }
}

/** ZLIB at RocketMQ's default level; the sysFlag then needs `compressed | compressionZlib`. */
export function compressBody(body: Uint8Array, level = 5): Uint8Array {
  return deflateSync(body, { level });
}

import type { ProxyHeader } from './proxy-protocol.ts';
import { joinBytes } from './join-bytes.ts';
import { parseProxyHeader } from './proxy-protocol.ts';

/** What the first bytes of a connection turned out to be. */
export interface PrefaceVerdict {
  readonly kind: 'plain' | 'tls' | 'invalid';
  /** The bytes that belong to what follows. */
  readonly rest: Uint8Array;
  readonly proxy: ProxyHeader | undefined;
}

/** First byte of a TLS record of type handshake. As a frame it would begin a length of more than 369 MB. */
const tlsHandshake = 0x16;
/** First bytes of a PROXY header, v1 and v2. As frames they would begin lengths of more than 218 MB, so no frame ever waits here. */
const proxyV1First = 0x50;
const proxyV2First = 0x0d;

/**
 * Looks at the first bytes of an accepted connection: an optional HAProxy PROXY header, then TLS or plain frames.
 * Bytes are held back only while they can still become a PROXY header; anything else is passed on at once, however short.
 */
export class Preface {
  private held: Uint8Array | undefined;
  private readonly takesProxyHeader: boolean;

  constructor(takesProxyHeader = true) {
    this.takesProxyHeader = takesProxyHeader;
  }

  /** Undefined: more bytes are needed. */
  feed(chunk: Uint8Array): PrefaceVerdict | undefined {
    const bytes = this.held === undefined ? chunk : joinBytes(this.held, chunk);
    const first = bytes[0];
    if (first === undefined) return undefined;
    if (first !== proxyV1First && first !== proxyV2First) return verdictOf(bytes, undefined);
    const parsed = this.takesProxyHeader ? parseProxyHeader(bytes) : 'invalid';
    if (parsed === 'more') {
      this.held = bytes;
      return undefined;
    }
    if (parsed === 'invalid') return { kind: 'invalid', rest: bytes, proxy: undefined };
    if (parsed.length === bytes.length) {
      // TLS or not is decided by a byte that has not come yet.
      this.held = bytes;
      return undefined;
    }
    return verdictOf(bytes.subarray(parsed.length), parsed.header);
  }
}

const verdictOf = (rest: Uint8Array, proxy: ProxyHeader | undefined): PrefaceVerdict => ({ kind: rest[0] === tlsHandshake ? 'tls' : 'plain', rest, proxy });

/** Who a load balancer says the peer is (HAProxy PROXY protocol). Undefined addresses: the balancer's own health check. */
export interface ProxyHeader {
  readonly sourceAddress: string | undefined;
  readonly sourcePort: number;
  readonly destinationAddress: string | undefined;
  readonly destinationPort: number;
  /** Type-length-value entries of version 2, by type. */
  readonly tlvs: ReadonlyMap<number, Uint8Array>;
}

export interface ParsedProxyHeader {
  readonly header: ProxyHeader;
  /** Bytes that the header took. */
  readonly length: number;
}

const signatureV1 = Buffer.from('PROXY ', 'latin1');
const signatureV2 = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
/** A version 1 line has at most 107 bytes, CR LF included. */
const lineBytesMax = 107;
/** A version 2 header may announce 64 KiB; ours ends at what balancers send. */
const payloadBytesMax = 4_096;
const noTlvs: ReadonlyMap<number, Uint8Array> = new Map();

/** Bytes begin with 'P' or CR. `more`: not decidable yet. `invalid`: neither a PROXY header nor anything we speak. */
export function parseProxyHeader(bytes: Uint8Array): ParsedProxyHeader | 'more' | 'invalid' {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (startsLike(view, signatureV1)) return view.length < signatureV1.length ? 'more' : parseV1(view);
  if (startsLike(view, signatureV2)) return view.length < signatureV2.length + 4 ? 'more' : parseV2(view);
  return 'invalid';
}

const startsLike = (view: Buffer, signature: Buffer): boolean => {
  const length = Math.min(view.length, signature.length);
  return view.compare(signature, 0, length, 0, length) === 0;
};

function parseV1(view: Buffer): ParsedProxyHeader | 'more' | 'invalid' {
  const end = view.indexOf('\r\n');
  if (end < 0) return view.length >= lineBytesMax ? 'invalid' : 'more';
  if (end + 2 > lineBytesMax) return 'invalid';
  const length = end + 2;
  const words = view.toString('latin1', signatureV1.length, end).split(' ');
  if (words[0] === 'UNKNOWN') return { header: unknownPeer, length };
  const [family, sourceAddress, destinationAddress, sourcePort, destinationPort] = words;
  if ((family !== 'TCP4' && family !== 'TCP6') || words.length !== 5) return 'invalid';
  const [from, to] = [Number(sourcePort), Number(destinationPort)];
  if (!isAddress(sourceAddress!) || !isAddress(destinationAddress!) || !isPort(from) || !isPort(to)) return 'invalid';
  return { header: { sourceAddress, sourcePort: from, destinationAddress, destinationPort: to, tlvs: noTlvs }, length };
}

const unknownPeer: ProxyHeader = { sourceAddress: undefined, sourcePort: 0, destinationAddress: undefined, destinationPort: 0, tlvs: noTlvs };
const isPort = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 65_535;
const isAddress = (text: string): boolean => /^[0-9a-fA-F:.]{2,45}$/.test(text);

function parseV2(view: Buffer): ParsedProxyHeader | 'more' | 'invalid' {
  const versionAndCommand = view[12]!;
  const family = view[13]! >> 4;
  const payload = view.readUInt16BE(14);
  const length = 16 + payload;
  if (versionAndCommand >> 4 !== 2 || (versionAndCommand & 15) > 1 || payload > payloadBytesMax) return 'invalid';
  if (view.length < length) return 'more';
  // Command 0 (LOCAL) and other families: the balancer speaks for itself.
  if ((versionAndCommand & 15) === 0 || (family !== 1 && family !== 2)) return { header: unknownPeer, length };
  const addressBytes = family === 1 ? 4 : 16;
  const addressesEnd = 16 + addressBytes * 2 + 4;
  if (addressesEnd > length) return 'invalid';
  const tlvs = parseTlvs(view.subarray(addressesEnd, length));
  if (tlvs === undefined) return 'invalid';
  const header: ProxyHeader = {
    sourceAddress: addressText(view.subarray(16, 16 + addressBytes)),
    destinationAddress: addressText(view.subarray(16 + addressBytes, 16 + addressBytes * 2)),
    sourcePort: view.readUInt16BE(addressesEnd - 4),
    destinationPort: view.readUInt16BE(addressesEnd - 2),
    tlvs,
  };
  return { header, length };
}

function parseTlvs(bytes: Buffer): ReadonlyMap<number, Uint8Array> | undefined {
  if (bytes.length === 0) return noTlvs;
  const tlvs = new Map<number, Uint8Array>();
  let at = 0;
  while (at < bytes.length) {
    if (at + 3 > bytes.length) return undefined;
    const end = at + 3 + bytes.readUInt16BE(at + 1);
    if (end > bytes.length) return undefined;
    tlvs.set(bytes[at]!, Uint8Array.prototype.slice.call(bytes, at + 3, end));
    at = end;
  }
  return tlvs;
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(bytes.readUInt16BE(i).toString(16));
  // The longest run of zero groups is written as `::`, as everybody writes it.
  const runs = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const longest = runs[0]?.[0];
  if (longest === undefined) return groups.join(':');
  return groups.join(':').replace(longest, '::').replace(':::', '::');
}

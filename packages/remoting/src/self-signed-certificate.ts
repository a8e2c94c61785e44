import { createPublicKey, createSign, generateKeyPairSync } from 'node:crypto';
import { joinBytes } from './join-bytes.ts';

/** A certificate and its private key, PEM. */
export interface SelfSignedCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface SelfSignedOptions {
  /** Common name and DNS name. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Exactly 16 random bytes. */
  readonly serial: Uint8Array;
}

const daysValid = 3_650;
const dayMs = 86_400_000;

// ASN.1 tags of X.509 (RFC 5280).
const tag = { integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, utf8: 0x0c, sequence: 0x30, set: 0x31, generalizedTime: 0x18, dnsName: 0x82, version: 0xa0, extensions: 0xa3 } as const;
const oid = {
  ecdsaWithSha256: Buffer.from('2a8648ce3d040302', 'hex'),
  commonName: Buffer.from('550403', 'hex'),
  subjectAltName: Buffer.from('551d11', 'hex'),
} as const;

/**
 * Makes a certificate for a listener that has none: enough for peers that encrypt without verifying, which is what Apache's
 * clients do by default. P-256, because making such a key takes a millisecond.
 */
export function makeSelfSignedCertificate(options: SelfSignedOptions): SelfSignedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = der(tag.sequence, der(tag.oid, oid.ecdsaWithSha256));
  const name = der(tag.sequence, der(tag.set, der(tag.sequence, der(tag.oid, oid.commonName), der(tag.utf8, Buffer.from(options.name)))));
  const serial = Buffer.from(options.serial);
  // Positive and without a leading zero byte.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const names = der(tag.sequence, der(tag.dnsName, Buffer.from(options.name, 'latin1')));
  const extension = der(tag.sequence, der(tag.oid, oid.subjectAltName), der(tag.octetString, names));
  const body = der(
    tag.sequence,
    der(tag.version, der(tag.integer, Buffer.from([2]))),
    der(tag.integer, serial),
    algorithm,
    name,
    der(tag.sequence, time(options.now - dayMs), time(options.now + daysValid * dayMs)),
    name,
    createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({ type: 'spki', format: 'der' }),
    der(tag.extensions, der(tag.sequence, extension)),
  );
  const signature = createSign('sha256').update(body).sign(privateKey);
  const certificate = der(tag.sequence, body, algorithm, der(tag.bitString, Buffer.from([0]), signature));
  return { certificate: pem('CERTIFICATE', certificate), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
}

/** Tag, length, content. */
function der(tagByte: number, ...parts: Uint8Array[]): Buffer {
  const content = joinBytes(...parts);
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return joinBytes(Buffer.from([tagByte, ...length]), content);
}

/** `YYYYMMDDHHMMSSZ`. */
const time = (ms: number): Buffer => der(tag.generalizedTime, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`));

const pem = (label: string, bytes: Buffer): string => `-----BEGIN ${label}-----\n${bytes.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`;

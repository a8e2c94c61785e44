import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeSelfSignedCertificate } from '../src/self-signed-certificate.ts';
import { parseProxyHeader } from '../src/proxy-protocol.ts';
import type { Channel } from '../src/index.ts';
import { echo, frameBytes, makeClient, RawPeer, startServer, until } from './support.ts';

const serial = Buffer.alloc(16, 0xff);

describe('TLS', () => {
  it('is served beside plain on one port without any set-up', async () => {
    const channels: Channel[] = [];
    await using server = await startServer({ onConnection: (channel) => channels.push(channel) });
    await using plain = makeClient();
    await using secure = makeClient({ tls: {} });
    for (const client of [plain, secure]) {
      const replies = await Promise.all(Array.from({ length: 100 }, (_, number) => client.invoke(server.address, echo, { number }, Buffer.alloc(9_000, number))));
      expect(replies.map((reply) => [reply.header().number, reply.bytes!.length, reply.bytes![0]])).toEqual(Array.from({ length: 100 }, (_, number) => [number, 9_000, number]));
    }
    expect(channels.map((channel) => channel.encrypted)).toEqual([false, true]);
  });

  it('refuses what the mode does not allow', async () => {
    await using disabled = await startServer({ tls: { mode: 'disabled' } });
    await using secure = makeClient({ tls: {} });
    await expect(secure.invoke(disabled.address, echo, {})).rejects.toMatchObject({ code: 'KITE_CONNECT_FAILED' });
    await using enforcing = await startServer({ tls: { mode: 'enforcing' } });
    await using plain = makeClient();
    await expect(plain.invoke(enforcing.address, echo, {})).rejects.toMatchObject({ code: 'KITE_CHANNEL_CLOSED' });
    expect((await secure.invoke(enforcing.address, echo, {})).ok).toBe(true);
  });

  it('uses and shows the configured certificate, which a client can verify', async () => {
    const { certificate, key } = makeSelfSignedCertificate({ name: 'kite.test', now: Date.now(), serial });
    await using server = await startServer({ tls: { certificate, key } });
    await using trusting = makeClient({ tls: { verify: true, ca: certificate, serverName: 'kite.test' } });
    await using doubting = makeClient({ tls: { verify: true } });
    expect((await trusting.invoke(server.address, echo, {})).ok).toBe(true);
    await expect(doubting.invoke(server.address, echo, {})).rejects.toMatchObject({ code: 'KITE_CONNECT_FAILED' });
  });

  it('refuses to start with credentials that are none', async () => {
    await expect(startServer({ tls: { certificate: 'x', key: 'y' } })).rejects.toMatchObject({ code: 'KITE_TLS_CREDENTIALS' });
  });

  it('loses only the connection whose handshake fails', async () => {
    await using server = await startServer();
    using bad = await RawPeer.connect(server.port);
    bad.write(Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]));
    await until(() => bad.closed);
    await using client = makeClient();
    expect((await client.invoke(server.address, echo, {})).ok).toBe(true);
  });

  it('certificates are valid X.509 v3', () => {
    const { certificate } = makeSelfSignedCertificate({ name: 'kite.test', now: Date.UTC(2026, 0, 2), serial });
    const parsed = new X509Certificate(certificate);
    expect([parsed.subject, parsed.issuer, parsed.checkHost('kite.test')]).toEqual(['CN=kite.test', 'CN=kite.test', 'kite.test']);
    expect(parsed.verify(parsed.publicKey)).toBe(true);
    expect(new Date(parsed.validFrom).getTime()).toBe(Date.UTC(2026, 0, 1));
  });
});

const v2Header = (tlvs: Buffer = Buffer.alloc(0)): Buffer => {
  const addresses = Buffer.from([10, 1, 2, 3, 10, 9, 8, 7, 0x30, 0x39, 0x2a, 0x9f]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(addresses.length + tlvs.length);
  return Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a2111', 'hex'), length, addresses, tlvs]);
};

describe('a PROXY header', () => {
  it.each([
    ['version 1', Buffer.from('PROXY TCP4 10.1.2.3 10.9.8.7 12345 10911\r\n')],
    ['version 2', v2Header()],
    ['version 2 with fields', v2Header(Buffer.from([0xe0, 0, 2, 1, 2]))],
  ])('of %s names the client, however it is split', async (_name, header) => {
    const channels: Channel[] = [];
    await using server = await startServer({ onConnection: (channel) => channels.push(channel) });
    using whole = await RawPeer.connect(server.port);
    whole.write(Buffer.concat([header, frameBytes({ opaque: 1 })]));
    await until(() => whole.frames.length === 1);
    using split = await RawPeer.connect(server.port);
    for (const byte of Buffer.concat([header, frameBytes({ opaque: 2 })])) {
      split.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => split.frames.length === 1);
    expect(channels.map((channel) => [channel.remoteAddress, channel.localAddress])).toEqual(Array(2).fill(['10.1.2.3:12345', '10.9.8.7:10911']));
  });

  it('may stand before TLS', async () => {
    const channels: Channel[] = [];
    await using server = await startServer({ onConnection: (channel) => channels.push(channel) });
    using peer = await RawPeer.connect(server.port);
    peer.socket.removeAllListeners('data');
    peer.write(v2Header());
    const secure: TLSSocket = connectTls({ socket: peer.socket, rejectUnauthorized: false });
    await new Promise((resolve) => secure.once('secureConnect', resolve));
    secure.write(frameBytes({ opaque: 1 }));
    await new Promise((resolve) => secure.once('data', resolve));
    expect([channels[0]!.remoteAddress, channels[0]!.encrypted]).toEqual(['10.1.2.3:12345', true]);
    secure.destroy();
  });

  it('of a health check (LOCAL, UNKNOWN) keeps the real address', async () => {
    const channels: Channel[] = [];
    await using server = await startServer({ onConnection: (channel) => channels.push(channel) });
    for (const header of [Buffer.from('PROXY UNKNOWN\r\n'), Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')]) {
      using peer = await RawPeer.connect(server.port);
      peer.write(Buffer.concat([header, frameBytes()]));
      await until(() => peer.frames.length === 1);
      expect(channels.at(-1)!.remoteIp).toBe('127.0.0.1');
    }
  });

  it.each(['PROXY TCP4 a b c d\r\n', 'PROXY TCP4 1.1.1.1 2.2.2.2 70000 1\r\n', `PROXY ${'x'.repeat(200)}`, 'PROXX TCP4'])('that is broken (%s) closes the connection', async (text) => {
    await using server = await startServer();
    using peer = await RawPeer.connect(server.port);
    peer.write(Buffer.from(text));
    await until(() => peer.closed);
  });

  it('is refused where nobody is expected to send one', async () => {
    await using server = await startServer({ proxyProtocol: false });
    using peer = await RawPeer.connect(server.port);
    peer.write(Buffer.concat([v2Header(), frameBytes({ opaque: 1 })]));
    await until(() => peer.closed);
    expect([peer.frames, server.counters.requests]).toEqual([[], 0]);
  });

  it('with IPv6 addresses is written as everybody writes them', () => {
    const addresses = Buffer.alloc(36);
    addresses[0] = 0x20;
    addresses[1] = 0x01;
    addresses[15] = 1;
    addresses[31] = 1;
    const header = parseProxyHeader(Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a21210024', 'hex'), addresses]));
    expect(header).toMatchObject({ length: 52, header: { sourceAddress: '2001::1', destinationAddress: '::1' } });
  });
});

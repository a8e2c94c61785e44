import { createConnection } from 'node:net';
import { generate } from 'selfsigned';
import { beforeAll, describe, expect, test } from 'vitest';
import type { NetworkSocket, SocketHandler } from '@kitemq/runtime';
import { deferred, NodeNetwork } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';

const host = '127.0.0.1';
const network = new NodeNetwork();

class Recorder implements SocketHandler {
  text = '';
  readonly closed = deferred<Error | undefined>();

  onData(chunk: Uint8Array): void {
    this.text += Buffer.from(chunk).toString();
  }

  onDrain(): void {}

  onClose(error: Error | undefined): void {
    this.closed.resolve(error);
  }
}

const ending = (socket: NetworkSocket): Recorder => {
  const recorder = new Recorder();
  socket.setHandler(recorder);
  return recorder;
};

test('a handler that throws loses its connection, not the process', async () => {
  const logger = new RecordingLogger();
  const noisy = new NodeNetwork(logger);
  const listener = await noisy.listen({ host, port: 0 }, (socket) =>
    socket.setHandler({
      onData: () => {
        throw new Error('cannot read this');
      },
      onDrain: () => {},
      onClose: () => {},
    }),
  );
  const socket = await noisy.connect({ host, port: listener.port, timeoutMs: 5000 });
  const recorder = ending(socket);
  socket.write(Buffer.from('x'));
  await recorder.closed.promise;
  expect(logger.messages('error')).toEqual(['a connection handler threw; the connection is closed']);
  await listener.close();
});

test('a peer that resets tells so', async () => {
  const closed = deferred<Error | undefined>();
  const listener = await network.listen({ host, port: 0 }, (socket) => {
    socket.setHandler({ onData: () => {}, onDrain: () => {}, onClose: (error) => closed.resolve(error) });
  });
  const raw = createConnection(listener.port, host, () => raw.resetAndDestroy());
  expect(((await closed.promise) as { code?: string }).code).toBe('ECONNRESET');
  await listener.close();
});

test('connect gives up after its time', async () => {
  // Nobody answers there: a network reserved for documentation.
  const attempt = network.connect({ host: '192.0.2.1', port: 9, timeoutMs: 50 });
  await expect(attempt).rejects.toMatchObject({ code: expect.stringMatching(/KITE_CONNECT_(TIMEOUT|FAILED)/), retryable: true });
});

test('listening on an address of another machine says what to do', async () => {
  await expect(network.listen({ host: '192.0.2.1', port: 0 }, () => {})).rejects.toMatchObject({
    code: 'KITE_LISTEN_FAILED',
    message: 'cannot listen on 192.0.2.1:0: this machine has no such address; use one of its own, or 0.0.0.0 for all',
  });
});

describe('TLS', () => {
  let certificate: string;
  let key: string;

  beforeAll(async () => {
    const pems = await generate([{ name: 'commonName', value: 'localhost' }], {
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }, { type: 7, ip: '127.0.0.1' }] }],
    });
    key = pems.private;
    certificate = pems.cert;
  });

  /** A server that looks at the first byte, as RocketMQ's does: 0x16 starts a TLS handshake, everything else is plain. Answers in capitals. */
  const listenBoth = (verifyPeer: boolean, onRefused: (error: Error | undefined) => void = () => {}) => {
    const credentials = network.loadCredentials({ certificate, key, ...(verifyPeer ? { ca: certificate, verifyPeer } : {}) });
    const echo = (socket: NetworkSocket): SocketHandler => ({
      onData: (chunk) => socket.write(Buffer.from(`${socket.encrypted ? 'TLS' : 'plain'} ${Buffer.from(chunk).toString().toUpperCase()}`)),
      onDrain: () => {},
      onClose: (error) => onRefused(error),
    });
    return network.listen({ host, port: 0 }, (socket) => {
      socket.setHandler({
        onData: (head) => {
          const secure = head[0] === 0x16;
          const next = secure ? socket.acceptTls(credentials, head) : socket;
          next.setHandler(echo(next));
          if (!secure) echo(next).onData(head);
        },
        onDrain: () => {},
        onClose: () => {},
      });
    });
  };

  const ask = async (port: number, tls?: { verify: boolean; ca?: string }): Promise<string> => {
    const socket = await network.connect({ host, port, timeoutMs: 5000, ...(tls === undefined ? {} : { tls }) });
    const recorder = ending(socket);
    expect(socket.encrypted).toBe(tls !== undefined);
    socket.write(Buffer.from('hello'));
    while (recorder.text === '') await new Promise((resolve) => setImmediate(resolve));
    socket.end();
    await recorder.closed.promise;
    return recorder.text;
  };

  test('plain and TLS on one port', async () => {
    const listener = await listenBoth(false);
    expect(await ask(listener.port)).toBe('plain HELLO');
    expect(await ask(listener.port, { verify: false })).toBe('TLS HELLO');
    expect(await ask(listener.port, { verify: true, ca: certificate })).toBe('TLS HELLO');
    await listener.close();
  });

  test('a client that verifies refuses a certificate it does not know', async () => {
    const listener = await listenBoth(false);
    const attempt = network.connect({ host, port: listener.port, timeoutMs: 5000, tls: { verify: true } });
    await expect(attempt).rejects.toMatchObject({ code: 'KITE_CONNECT_FAILED' });
    await listener.close();
  });

  test('a server that verifies refuses a peer without certificate; a broken handshake closes with an error', async () => {
    const refused = deferred<Error | undefined>();
    const listener = await listenBoth(true, (error) => refused.resolve(error));
    const socket = await network.connect({ host, port: listener.port, timeoutMs: 5000, tls: { verify: false } });
    const recorder = ending(socket);
    socket.write(Buffer.from('let me in'));
    expect(await refused.promise).toBeInstanceOf(Error);
    await recorder.closed.promise;
    expect(recorder.text).toBe('');
    const garbage = await network.connect({ host, port: listener.port, timeoutMs: 5000 });
    const other = ending(garbage);
    garbage.write(Buffer.from([0x16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    await other.closed.promise;
    await listener.close();
  });

  test('credentials that cannot work are refused at loading, with what to do', () => {
    const load = (options: { certificate: string; key: string; verifyPeer?: boolean }) => () => network.loadCredentials(options);
    expect(load({ certificate: 'nonsense', key })).toThrow('cannot be used');
    expect(load({ certificate, key: '' })).toThrow('one of them is empty');
    expect(load({ certificate, key, verifyPeer: true })).toThrow('certificates to trust');
  });
});

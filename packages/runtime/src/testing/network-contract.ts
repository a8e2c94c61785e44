import assert from 'node:assert/strict';
import { deferred } from '../deferred.ts';
import type { Deferred } from '../deferred.ts';
import { KiteError } from '../errors.ts';
import type { Network, NetworkListener, NetworkSocket, SocketHandler } from '../network.ts';
import type { Timers } from '../timers.ts';
import type { ContractCase } from './contract-case.ts';

/** A network whose loopback works. */
export interface NetworkFixture {
  readonly network: Network;
  readonly timers: Timers;
}

const host = '127.0.0.1';

/** Keeps what a socket tells. */
class Recorder implements SocketHandler {
  readonly socket: NetworkSocket;
  readonly closed: Deferred<Error | undefined> = deferred<Error | undefined>();
  readonly drained: Deferred<void> = deferred<void>();
  received = 0;
  text = '';
  closes = 0;
  onEnough: (() => void) | undefined = undefined;

  constructor(socket: NetworkSocket) {
    this.socket = socket;
    socket.setHandler(this);
  }

  onData(chunk: Uint8Array): void {
    this.received += chunk.length;
    if (this.text.length < 1000) this.text += Buffer.from(chunk).toString('latin1');
    this.onEnough?.();
  }

  onDrain(): void {
    this.drained.resolve();
  }

  onClose(error: Error | undefined): void {
    this.closes++;
    this.closed.resolve(error);
  }

  /** Resolves when so many bytes have come. */
  async gets(count: number): Promise<void> {
    if (this.received >= count) return;
    const enough = deferred<void>();
    this.onEnough = () => {
      if (this.received >= count) enough.resolve();
    };
    await enough.promise;
  }
}

interface Pair {
  readonly listener: NetworkListener;
  readonly client: Recorder;
  readonly server: Recorder;
}

const connectPair = async (network: Network): Promise<Pair> => {
  const accepted = deferred<NetworkSocket>();
  const listener = await network.listen({ host, port: 0 }, (socket) => accepted.resolve(socket));
  const client = new Recorder(await network.connect({ host, port: listener.port, timeoutMs: 5000 }));
  return { listener, client, server: new Recorder(await accepted.promise) };
};

const fails = async (code: string, attempt: Promise<unknown>): Promise<KiteError> => {
  let failure: unknown;
  await attempt.catch((error: unknown) => (failure = error));
  assert.ok(KiteError.is(failure, code), `expected ${code}, got ${String(failure)}`);
  return failure;
};

const connectionCases: readonly ContractCase<NetworkFixture>[] = [
  {
    name: 'bytes arrive in order, both ways, and both ends know who they talk to',
    async run({ network }) {
      const { listener, client, server } = await connectPair(network);
      assert.equal(client.socket.remotePort, listener.port);
      assert.equal(server.socket.localPort, listener.port);
      assert.equal(server.socket.remotePort, client.socket.localPort);
      assert.equal(server.socket.localAddress, host);
      assert.equal(server.socket.remoteAddress, host);
      assert.equal(client.socket.encrypted, false);
      for (let index = 0; index < 100; index++) client.socket.write(Buffer.from(`${index},`));
      server.socket.cork();
      server.socket.write(Buffer.from('an'));
      server.socket.write(Buffer.from('swer'));
      server.socket.uncork();
      const expected = Array.from({ length: 100 }, (_, index) => `${index},`).join('');
      await server.gets(expected.length);
      await client.gets(6);
      assert.equal(server.text, expected);
      assert.equal(client.text, 'answer');
      client.socket.end();
      await Promise.all([client.closed.promise, server.closed.promise]);
      await listener.close();
    },
  },
  {
    name: 'end: what was written arrives, then both ends close once and without error',
    async run({ network, timers }) {
      const { listener, client, server } = await connectPair(network);
      server.socket.write(Buffer.from('bye'));
      server.socket.end();
      assert.equal(server.socket.write(Buffer.from('late')), false);
      assert.equal(await client.closed.promise, undefined);
      assert.equal(await server.closed.promise, undefined);
      assert.equal(client.text, 'bye');
      await new Promise<void>((resolve) => timers.setTimeout(resolve, 5));
      assert.deepEqual([client.closes, server.closes], [1, 1]);
      await listener.close();
    },
  },
  {
    name: 'destroy: onClose comes once, later, with the given error; the peer is told',
    async run({ network }) {
      const { listener, client, server } = await connectPair(network);
      const reason = new Error('enough');
      client.socket.destroy(reason);
      client.socket.destroy();
      assert.equal(client.closes, 0);
      assert.equal(await client.closed.promise, reason);
      await server.closed.promise;
      assert.equal(client.socket.write(Buffer.from('x')), false);
      assert.deepEqual([client.closes, server.closes], [1, 1]);
      await listener.close();
    },
  },
  {
    name: 'a handler set after the end still gets the data and the close',
    async run({ network, timers }) {
      const accepted = deferred<NetworkSocket>();
      const listener = await network.listen({ host, port: 0 }, (socket) => accepted.resolve(socket));
      const client = new Recorder(await network.connect({ host, port: listener.port, timeoutMs: 5000 }));
      client.socket.write(Buffer.from('early'));
      client.socket.end();
      const late = await accepted.promise;
      await new Promise<void>((resolve) => timers.setTimeout(resolve, 20));
      const server = new Recorder(late);
      assert.equal(server.text, '');
      await server.closed.promise;
      assert.equal(server.text, 'early');
      await listener.close();
    },
  },
];

const flowCases: readonly ContractCase<NetworkFixture>[] = [
  {
    name: 'a paused reader stops the writer: write says false, onDrain comes after resume, nothing is lost',
    async run({ network, timers }) {
      const { listener, client, server } = await connectPair(network);
      server.socket.pause();
      const chunk = 64 * 1024;
      let sent = 0;
      // More than any system buffers; the loop ends because somebody must say stop.
      while (sent < 64 * 1024 * 1024) {
        sent += chunk;
        client.socket.write(Buffer.alloc(chunk));
      }
      assert.equal(client.socket.write(Buffer.alloc(chunk)), false);
      sent += chunk;
      assert.ok(client.socket.bufferedBytes > 0);
      await new Promise<void>((resolve) => timers.setTimeout(resolve, 20));
      assert.ok(client.socket.bufferedBytes > 0, 'nobody reads, so it cannot have gone');
      server.socket.resume();
      await client.drained.promise;
      assert.equal(client.socket.bufferedBytes, 0);
      await server.gets(sent);
      assert.equal(server.received, sent);
      client.socket.destroy();
      await Promise.all([client.closed.promise, server.closed.promise]);
      await listener.close();
    },
  },
];

const setupCases: readonly ContractCase<NetworkFixture>[] = [
  {
    name: 'connect fails with KITE_CONNECT_FAILED where nobody listens',
    async run({ network }) {
      const listener = await network.listen({ host, port: 0 }, (socket) => socket.destroy());
      const { port } = listener;
      await listener.close();
      await listener.close();
      const error = await fails('KITE_CONNECT_FAILED', network.connect({ host, port, timeoutMs: 5000 }));
      assert.equal(error.retryable, true);
      assert.ok(error.message.includes(`${host}:${port}`));
    },
  },
  {
    name: 'connect ends when its signal aborts, before or while it tries',
    async run({ network }) {
      const listener = await network.listen({ host, port: 0 }, (socket) => socket.setHandler({ onData: () => {}, onDrain: () => {}, onClose: () => {} }));
      await fails('KITE_ABORTED', network.connect({ host, port: listener.port, timeoutMs: 5000, signal: AbortSignal.abort() }));
      const controller = new AbortController();
      const attempt = network.connect({ host, port: listener.port, timeoutMs: 5000, signal: controller.signal });
      controller.abort();
      await fails('KITE_ABORTED', attempt);
      await listener.close();
    },
  },
  {
    name: 'a port has one listener; closing it leaves its connections alone',
    async run({ network }) {
      const { listener, client, server } = await connectPair(network);
      const error = await fails('KITE_LISTEN_FAILED', network.listen({ host, port: listener.port }, (socket) => socket.destroy()));
      assert.ok(error.message.includes(`${host}:${listener.port}`) && error.message.includes('choose another port'));
      await listener.close();
      client.socket.write(Buffer.from('still here'));
      await server.gets(10);
      client.socket.destroy();
      await server.closed.promise;
      const next = await network.listen({ host, port: listener.port }, (socket) => socket.destroy());
      await next.close();
    },
  },
  {
    name: 'local addresses are not loopback',
    async run({ network }) {
      for (const address of network.localAddresses()) assert.ok(!address.startsWith('127.') && address !== '::1');
    },
  },
];

/** What every {@link Network} promises. */
export const networkContract: readonly ContractCase<NetworkFixture>[] = [...connectionCases, ...flowCases, ...setupCases];

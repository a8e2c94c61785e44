import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { RemotingClient } from '../src/index.ts';
import type { Channel, HookedRequest, Request } from '../src/index.ts';
import type { ConnectOptions, Network, Runtime } from '@kitemq/runtime';
import { deferred, nodeRuntime } from '@kitemq/runtime';
import { answerEcho, echo, frameBytes, makeClient, silent, startServer, until } from './support.ts';

/** A TCP listener that does what the test wants with each connection. */
const rawServer = (onSocket: (socket: Socket) => void, port = 0): Promise<{ server: Server; address: string; close: () => void }> =>
  new Promise((resolve) => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      onSocket(socket);
    }).listen(port, '127.0.0.1', () => {
      resolve({
        server,
        address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
        close: () => {
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      });
    });
  });

/** A network whose connections are made only when the test says so. */
const slowToConnect = (): { runtime: Runtime; release: () => void } => {
  const runtime = nodeRuntime();
  const gate = deferred<void>();
  const network: Network = new Proxy(runtime.network, {
    get: (target, name) =>
      name === 'connect'
        ? async (options: ConnectOptions) => {
            await Promise.race([gate.promise, new Promise((_, reject) => options.signal?.addEventListener('abort', () => reject(options.signal!.reason as Error)))]);
            return target.connect(options);
          }
        : Reflect.get(target, name).bind(target),
  });
  return { runtime: { ...runtime, network }, release: gate.resolve };
};

describe('a call', () => {
  it('times out, and its late answer is dropped without harm to the next', async () => {
    const held: Request[] = [];
    await using server = await startServer({ processors: () => (request) => (request.header(echo.request).text === 'late' ? held.push(request) : answerEcho(request)) });
    await using client = makeClient();
    await expect(client.invoke(server.address, echo, { text: 'late' }, undefined, { timeoutMs: 60 })).rejects.toMatchObject({ code: 'KITE_TIMEOUT', retryable: true });
    await until(() => held.length === 1);
    answerEcho(held[0]!);
    const next = await client.invoke(server.address, echo, { text: 'next' });
    expect(next.header().text).toBe('next');
    expect([client.counters.timeouts, client.counters.lateReplies]).toEqual([1, 1]);
    expect(server.connections.size).toBe(1);
  });

  it('is cancelled by its signal, before and while it waits', async () => {
    await using server = await startServer({ processors: () => silent });
    await using client = makeClient();
    await expect(client.invoke(server.address, echo, {}, undefined, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'KITE_ABORTED' });
    const controller = new AbortController();
    const call = client.invoke(server.address, echo, {}, undefined, { signal: controller.signal });
    const other = client.invoke(server.address, echo, {}, undefined, { timeoutMs: 100 });
    await until(() => server.counters.requests >= 2);
    controller.abort(new Error('enough'));
    await expect(call).rejects.toMatchObject({ code: 'KITE_ABORTED', cause: { message: 'enough' } });
    await expect(other).rejects.toMatchObject({ code: 'KITE_TIMEOUT' });
  });

  it('counts the time to connect, and gives up waiting without giving up the connection', async () => {
    await using server = await startServer();
    const { runtime, release } = slowToConnect();
    await using client = makeClient({ runtime });
    const patient = client.invoke(server.address, echo, { text: 'patient' }, undefined, { timeoutMs: 20_000 });
    const controller = new AbortController();
    const cancelled = client.invoke(server.address, echo, {}, undefined, { signal: controller.signal });
    await expect(client.invoke(server.address, echo, {}, undefined, { timeoutMs: 30 })).rejects.toMatchObject({ code: 'KITE_CONNECT_TIMEOUT', retryable: true });
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'KITE_ABORTED' });
    release();
    expect((await patient).header().text).toBe('patient');
    expect(server.counters.accepted).toBe(1);
  });

  it('to what is no address fails with advice', async () => {
    await using client = makeClient();
    for (const address of ['', 'host', 'host:', ':1', 'host:0', 'host:65536', 'host:1x']) {
      await expect(client.invoke(address, echo, {})).rejects.toMatchObject({ code: 'KITE_ADDRESS_INVALID' });
    }
  });

  it('fails when its header does not encode, and nothing is sent', async () => {
    await using server = await startServer();
    await using client = makeClient();
    await expect(client.invoke(server.address, echo, {}, Buffer.alloc(17_000_000))).rejects.toMatchObject({ code: 'KITE_FRAME_TOO_LARGE' });
    expect((await client.invoke(server.address, echo, {})).ok).toBe(true);
    expect(server.counters.requests).toBe(1);
  });

  it('fails at once with all others when the connection is lost', async () => {
    await using server = await startServer({ processors: () => silent });
    await using client = makeClient();
    const calls = Array.from({ length: 20 }, () => client.invoke(server.address, echo, {}, undefined, { timeoutMs: 60_000 }).catch((error) => error.code));
    await until(() => server.counters.requests === 20);
    for (const channel of server.connections) channel.close();
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['KITE_CHANNEL_CLOSED']));
  });

  it('fails when the answer does not parse', async () => {
    const text = Buffer.from('{"code":0,"opaque":0,"flag":1,"extFields":7}');
    const raw = await rawServer((socket) => socket.once('data', () => socket.write(Buffer.concat([Buffer.from([0, 0, 0, 4 + text.length, 0, 0, 0, text.length]), text]))));
    await using client = makeClient();
    await expect(client.invoke(raw.address, echo, {})).rejects.toMatchObject({ code: 'KITE_HEADER_INVALID' });
    raw.close();
  });

  it('without answer: one-way requests are handed over in order', async () => {
    const seen: number[] = [];
    await using server = await startServer({ processors: () => (request) => void seen.push(request.header(echo.request).number!) });
    await using client = makeClient();
    for (let number = 0; number < 100; number++) await client.invokeOneway(server.address, echo, { number }, Buffer.from('x'));
    await until(() => seen.length === 100);
    expect(seen).toEqual(Array.from({ length: 100 }, (_, number) => number));
  });
});

describe('a connection', () => {
  it('is made when first needed, once, and shared', async () => {
    await using server = await startServer();
    await using client = makeClient();
    expect(client.isConnected(server.address)).toBe(false);
    await Promise.all(Array.from({ length: 50 }, () => client.invoke(server.address, echo, {})));
    expect(server.counters.accepted).toBe(1);
  });

  it('is made anew after it was lost, and onDisconnect says which', async () => {
    const lost: string[] = [];
    await using server = await startServer();
    await using client = makeClient({ onDisconnect: (address) => lost.push(address) });
    await client.invoke(server.address, echo, {});
    for (const channel of server.connections) channel.close();
    await until(() => lost.length === 1);
    expect(lost).toEqual([server.address]);
    expect((await client.invoke(server.address, echo, {})).ok).toBe(true);
    client.closeAddress(server.address);
    expect((await client.invoke(server.address, echo, {})).ok).toBe(true);
    expect(server.counters.accepted).toBe(3);
  });

  it('that fails makes calls fail fast for a while, not for ever', async () => {
    const first = await startServer();
    const { address, port } = first;
    await first.shutdown();
    await using client = makeClient({ backoffMaxMs: 200 });
    await expect(client.invoke(address, echo, {})).rejects.toMatchObject({ code: 'KITE_CONNECT_FAILED', retryable: true });
    await expect(client.invoke(address, echo, {})).rejects.toMatchObject({ code: 'KITE_CONNECT_FAILED', details: { address, waitMs: expect.any(Number) } });
    await using server = await startServer({ port });
    let answered = false;
    await until(() => {
      void client.invoke(server.address, echo, {}).then((reply) => (answered = reply.ok), () => {});
      return answered;
    });
  });

  it('that is idle is closed by the client too', async () => {
    await using server = await startServer();
    await using client = makeClient({ limits: { idleMs: 100 } });
    await client.invoke(server.address, echo, {});
    await until(() => !client.isConnected(server.address));
    expect(client.counters.idleClosed).toBe(1);
  });

  it('serves requests in both directions at once', async () => {
    const channels: Channel[] = [];
    await using server = await startServer({ onConnection: (channel) => channels.push(channel) });
    await using client = makeClient({ processors: new Map([[echo.code, answerEcho]]) });
    await client.connect(server.address);
    await until(() => channels.length === 1);
    const numbers = Array.from({ length: 100 }, (_, number) => number);
    const [there, back] = await Promise.all([
      Promise.all(numbers.map((number) => client.invoke(server.address, echo, { number, text: 'to server' }))),
      Promise.all(numbers.map((number) => channels[0]!.invoke(echo, { number, text: 'to client' }))),
    ]);
    expect(there.map((reply) => reply.header())).toEqual(numbers.map((number) => ({ number, text: 'to server' })));
    expect(back.map((reply) => reply.header())).toEqual(numbers.map((number) => ({ number, text: 'to client' })));
    expect((await channels[0]!.invoke({ ...echo, code: 40 }, {})).code).toBe(3);
  });

  it('tells its end once, also to those who ask later', async () => {
    await using server = await startServer();
    await using client = makeClient();
    const channel = await client.connect(server.address);
    let told = 0;
    channel.onClose(() => told++);
    channel.close();
    channel.onClose(() => told++);
    await until(() => told === 2);
    expect(channel.closed).toBe(true);
    expect(channel.invokeOneway(echo, {})).toBe(false);
    await expect(channel.invoke(echo, {})).rejects.toMatchObject({ code: 'KITE_CHANNEL_CLOSED' });
  });
});

describe('GO_AWAY', () => {
  it('moves a call to a new connection, once', async () => {
    let answered = 0;
    await using server = await startServer({
      processors: () => (request) => {
        answered++;
        if (answered === 1) request.fail(1500, 'go away');
        else answerEcho(request);
      },
    });
    await using client = makeClient();
    expect((await client.invoke(server.address, echo, { text: 'again' })).header().text).toBe('again');
    expect(server.counters.accepted).toBe(2);
  });

  it('twice fails the call', async () => {
    await using server = await startServer({ processors: () => (request) => request.fail(1500, 'go away') });
    await using client = makeClient();
    await expect(client.invoke(server.address, echo, {})).rejects.toMatchObject({ code: 'KITE_GO_AWAY', retryable: true });
  });

  it('is what a server says while it shuts down, to those who understand it; requests in progress end', async () => {
    const held: Request[] = [];
    const server = await startServer({ processors: () => (request) => (request.header(echo.request).text === 'hold' ? held.push(request) : answerEcho(request)) });
    await using client = makeClient();
    await using old = makeClient({ version: 475 });
    const channel = await client.connect(server.address);
    const oldChannel = await old.connect(server.address);
    const inProgress = channel.invoke(echo, { text: 'hold' });
    await until(() => held.length === 1);
    const stopped = server.shutdown({ goAwayMs: 150, drainMs: 5_000 });
    await until(() => server.requestsInFlight === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await channel.invoke(echo, {})).code).toBe(1500);
    expect((await oldChannel.invoke(echo, {})).code).toBe(0);
    await expect(makeClient().invoke(server.address, echo, {})).rejects.toMatchObject({ code: 'KITE_CONNECT_FAILED' });
    answerEcho(held[0]!);
    expect((await inProgress).code).toBe(0);
    await stopped;
    await until(() => channel.closed);
  });
});

describe('hooks', () => {
  it('see the request as it will be sent and add fields to it', async () => {
    const seen: Record<string, string>[] = [];
    await using server = await startServer({ processors: () => (request) => request.reply(echo, 0, { text: JSON.stringify(request.extObject()) }) });
    const sign = {
      beforeRequest: (address: string, request: HookedRequest): void => {
        seen.push({ ...request.fields(), address, body: String(request.body?.length) });
        request.ext['Signature'] = 'signed';
      },
    };
    await using client = makeClient({ hooks: [sign] });
    const reply = await client.invoke(server.address, echo, { number: 5 }, Buffer.from('abc'), { ext: { extra: 'yes' } });
    expect(seen).toEqual([{ number: '5', extra: 'yes', address: server.address, body: '3' }]);
    expect(JSON.parse(reply.header().text!)).toEqual({ number: '5', extra: 'yes', Signature: 'signed' });
  });
});

describe('a client', () => {
  it('that is shut down fails what waits and what comes, leaves nothing behind, and may be shut down again', async () => {
    await using server = await startServer({ processors: () => silent });
    const client = makeClient();
    const waiting = client.invoke(server.address, echo, {});
    await until(() => server.counters.requests === 1);
    const stuck = makeClient({ runtime: slowToConnect().runtime });
    const connecting = stuck.invoke(server.address, echo, {}, undefined, { timeoutMs: 60_000 });
    const outcome = Promise.all([waiting, connecting].map((call) => call.catch((error) => error.code)));
    for (const each of [client, client, stuck, stuck]) await each.shutdown();
    expect(await outcome).toEqual(['KITE_CHANNEL_CLOSED', 'KITE_CLIENT_CLOSED']);
    await expect(client.invoke(server.address, echo, {})).rejects.toMatchObject({ code: 'KITE_CLIENT_CLOSED' });
    await until(() => server.connections.size === 0);
  });

  it('publishes what it does to those who listen', async () => {
    const seen: unknown[] = [];
    const listener = (message: unknown): void => void seen.push(message);
    subscribe('kitemq:remoting:invoke', listener);
    try {
      await using server = await startServer();
      await using client = new RemotingClient({ runtime: nodeRuntime() });
      await client.invoke(server.address, echo, {});
      expect(seen).toEqual([{ address: server.address, code: echo.code, responseCode: 0, durationMs: expect.any(Number), error: undefined }]);
    } finally {
      unsubscribe('kitemq:remoting:invoke', listener);
    }
  });

  it('drops answers nobody asked for', async () => {
    const raw = await rawServer((socket) => {
      socket.write(frameBytes({ flag: 1, opaque: 4_711 }));
      socket.on('data', () => socket.write(frameBytes({ flag: 1, opaque: 0, code: 0 })));
    });
    await using client = makeClient();
    expect((await client.invoke(raw.address, echo, {})).ok).toBe(true);
    expect(client.counters.lateReplies).toBe(1);
    raw.close();
  });
});

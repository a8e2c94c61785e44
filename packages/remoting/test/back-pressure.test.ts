import { describe, expect, it } from 'vitest';
import { answerEcho, echo, frameBytes, makeClient, RawPeer, startServer, until } from './support.ts';
import type { Channel, Request } from '../src/index.ts';

const largeBody = Buffer.alloc(256 * 1024, 3);

describe('a slow reader', () => {
  it('stops being read from, costs a bounded amount, and gets everything when it reads again', async () => {
    await using server = await startServer({
      limits: { outputPauseBytes: 500_000, outputBytesMax: 50_000_000 },
      processors: () => (request) => request.reply(echo, 0, {}, { body: largeBody }),
    });
    using peer = await RawPeer.connect(server.port);
    peer.socket.pause();
    const requests = 400;
    // One chunk of many requests: the server must stop in the middle of it.
    peer.write(Buffer.concat(Array.from({ length: requests }, (_, opaque) => frameBytes({ opaque }))));
    await until(() => server.counters.pauses > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.counters.requests).toBeLessThan(requests / 2);
    expect([...server.connections][0]!.writable).toBe(false);
    peer.socket.resume();
    await until(() => peer.frames.length === requests);
    expect(peer.frames.map((frame) => frame.opaque)).toEqual(Array.from({ length: requests }, (_, opaque) => opaque));
    await until(() => [...server.connections][0]!.writable);
  });

  it('is closed when what waits for it passes the hard limit', async () => {
    const held: Request[] = [];
    await using server = await startServer({
      limits: { outputPauseBytes: 100_000, outputBytesMax: 5_000_000 },
      processors: () => (request) => {
        request.detach();
        held.push(request);
      },
    });
    using peer = await RawPeer.connect(server.port);
    peer.socket.pause();
    peer.write(Buffer.concat(Array.from({ length: 200 }, (_, opaque) => frameBytes({ opaque }))));
    await until(() => held.length === 200);
    for (const request of held) request.reply(echo, 0, {}, { body: largeBody });
    await until(() => server.connections.size === 0);
    expect(server.counters.failures).toBe(1);
  });

  it('gets no more one-way requests', async () => {
    let channel: Channel | undefined;
    await using server = await startServer({ limits: { outputPauseBytes: 100_000 }, onConnection: (each) => (channel = each) });
    using peer = await RawPeer.connect(server.port);
    peer.socket.pause();
    await until(() => channel !== undefined);
    let sent = 0;
    await until(() => {
      if (channel!.invokeOneway(echo, {}, largeBody)) sent++;
      return !channel!.writable;
    });
    expect(channel!.invokeOneway(echo, {})).toBe(false);
    peer.socket.resume();
    await until(() => peer.frames.length === sent);
  });
});

describe('requests in flight', () => {
  it('above the limit of a connection are answered with SYSTEM_BUSY', async () => {
    const held: Request[] = [];
    await using server = await startServer({ limits: { requestsInFlightMax: 3 }, processors: () => (request) => held.push(request) });
    await using client = makeClient();
    const replies = Array.from({ length: 5 }, (_, number) => client.invoke(server.address, echo, { number }));
    const busy = await Promise.all(replies.slice(3));
    expect(busy.map((reply) => reply.code)).toEqual([2, 2]);
    for (const request of held) answerEcho(request);
    expect((await Promise.all(replies.slice(0, 3))).map((reply) => reply.code)).toEqual([0, 0, 0]);
  });

  it('above the limit of the sender fail at once', async () => {
    await using server = await startServer({ processors: () => () => {} });
    await using client = makeClient({ limits: { invokesInFlightMax: 2 } });
    const first = [client.invoke(server.address, echo, {}), client.invoke(server.address, echo, {})].map((call) => call.catch((error) => error.code));
    await until(() => server.counters.requests === 2);
    await expect(client.invoke(server.address, echo, {})).rejects.toMatchObject({ code: 'KITE_TOO_MANY_REQUESTS' });
    await client.shutdown();
    expect(await Promise.all(first)).toEqual(['KITE_CHANNEL_CLOSED', 'KITE_CHANNEL_CLOSED']);
  });
});

describe('idle connections', () => {
  it('are closed, busy ones are not', async () => {
    await using server = await startServer({ limits: { idleMs: 300 } });
    using idle = await RawPeer.connect(server.port);
    using busy = await RawPeer.connect(server.port);
    await until(() => {
      busy.write(frameBytes());
      return idle.closed;
    });
    expect(busy.closed).toBe(false);
    expect(server.counters.idleClosed).toBe(1);
  });

  it('that were only probed, or are half closed, leave nothing behind', async () => {
    await using server = await startServer();
    for (let i = 0; i < 50; i++) {
      using probe = await RawPeer.connect(server.port);
      if (i % 2 === 0) probe.write(frameBytes().subarray(0, 9));
      probe.socket.end();
    }
    await until(() => server.connections.size === 0 && server.counters.accepted === 50);
  });
});

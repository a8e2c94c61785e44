import { describe, expect, it } from 'vitest';
import { KiteError } from '@kitemq/runtime';
import { echo, frameBytes, makeClient, RawPeer, startServer, until, silent, strict } from './support.ts';

describe('a server', () => {
  it('answers in the serialize type it was asked in', async () => {
    await using server = await startServer();
    for (const serializeType of [0, 1, 2] as const) {
      await using client = makeClient({ serializeType });
      const reply = await client.invoke(server.address, echo, { text: 'héllo', number: -7 }, Buffer.from('body'));
      expect(reply.ok).toBe(true);
      expect(reply.frame.serializeType).toBe(serializeType);
      expect(reply.header()).toEqual({ text: 'héllo', number: -7 });
      expect(Buffer.from(reply.bytes!).toString()).toBe('body');
    }
  });

  it('answers an unknown code with 3', async () => {
    await using server = await startServer();
    await using client = makeClient();
    const reply = await client.invoke(server.address, { ...echo, code: 7_777 }, {});
    expect([reply.code, reply.remark]).toEqual([3, ' request type 7777 not supported']);
  });

  it('hands codes without a processor to the default one, if there is one', async () => {
    await using server = await startServer({ defaultProcessor: (request) => request.fail(16, `nobody for ${request.code}`) });
    await using client = makeClient();
    expect((await client.invoke(server.address, { ...echo, code: 7_777 }, {})).remark).toBe('nobody for 7777');
    expect((await client.invoke(server.address, echo, {})).code).toBe(0);
  });

  it('lets a processor keep a request, but not what it let go of', async () => {
    const errors: unknown[] = [];
    await using server = await startServer({
      processors: () => (request) => {
        request.detach();
        for (const read of [() => request.ext('text'), () => request.extObject(), () => request.header(echo.request)]) {
          try {
            read();
          } catch (error) {
            errors.push((error as { code: string }).code);
          }
        }
        queueMicrotask(() => request.reply(echo, 0, { text: String(request.body), number: request.opaque }));
      },
    });
    await using client = makeClient();
    expect((await client.invoke(server.address, echo, { text: 'gone' }, Buffer.from('gone'))).header().text).toBe('undefined');
    expect(errors).toEqual(Array(3).fill('KITE_REQUEST_DETACHED'));
  });

  it('sends bodies of any size and number of pieces', async () => {
    const pieces = [Buffer.from('a'), Buffer.alloc(5_000, 2), Buffer.alloc(0), Buffer.alloc(4_095, 3), Buffer.alloc(4_096, 4), Buffer.from('z')];
    await using server = await startServer({ processors: () => (request) => request.reply(echo, 0, {}, { body: pieces, ext: { more: 'yes' }, remark: 'text' }) });
    await using client = makeClient();
    const replies = await Promise.all(Array.from({ length: 20 }, () => client.invoke(server.address, echo, {})));
    for (const reply of replies) {
      expect(Buffer.concat(pieces).equals(Buffer.from(reply.bytes!))).toBe(true);
      expect([reply.remark, reply.frame.ext.get('more')]).toEqual(['text', 'yes']);
    }
  });

  it('answers 1 with class and first line when the processor throws', async () => {
    await using server = await startServer({
      processors: new Map([[echo.code, (): void => { throw new RangeError('too far\nsecond line'); }]]),
    });
    await using client = makeClient();
    const reply = await client.invoke(server.address, echo, {});
    expect([reply.code, reply.remark]).toEqual([1, 'RangeError: too far']);
  });

  it('never answers a one-way request, not even an unknown one', async () => {
    await using server = await startServer();
    using peer = await RawPeer.connect(server.port);
    peer.write(frameBytes({ flag: 2, opaque: 1 }));
    peer.write(frameBytes({ flag: 2, opaque: 2, code: 4_242 }));
    peer.write(frameBytes({ flag: 0, opaque: 3 }));
    await until(() => peer.frames.length > 0);
    expect(peer.frames.map((frame) => frame.opaque)).toEqual([3]);
    expect(server.counters.requests).toBe(3);
  });

  it('says that an answer could not be encoded instead of nothing', async () => {
    await using server = await startServer({ processors: () => (request) => request.reply(strict, 0, {} as never) });
    await using client = makeClient();
    const reply = await client.invoke(server.address, strict, {});
    expect(reply.code).toBe(1);
  });

  it('sends the first of two answers only', async () => {
    await using server = await startServer({
      processors: () => (request) => {
        request.fail(14, 'first');
        request.fail(15, 'second');
      },
    });
    await using client = makeClient();
    expect((await client.invoke(server.address, echo, {})).code).toBe(14);
    expect(server.requestsInFlight).toBe(0);
  });

  it('answers 10 000 pipelined requests', async () => {
    await using server = await startServer();
    await using client = makeClient();
    const replies = await Promise.all(Array.from({ length: 10_000 }, (_, number) => client.invoke(server.address, echo, { number }, undefined, { timeoutMs: 20_000 })));
    expect(replies.map((reply) => reply.header().number)).toEqual(Array.from({ length: 10_000 }, (_, number) => number));
    expect(server.counters.writes).toBeLessThan(5_000);
  });

  it('matches answers by opaque when they come in another order', async () => {
    const held: (() => void)[] = [];
    await using server = await startServer({
      processors: () => (request) => {
        const number = request.header(echo.request).number!;
        request.detach();
        held.push(() => request.reply(echo, 0, { number }));
        if (held.length === 50) for (const answer of held.toReversed()) answer();
      },
    });
    await using client = makeClient();
    const replies = await Promise.all(Array.from({ length: 50 }, (_, number) => client.invoke(server.address, echo, { number })));
    expect(replies.map((reply) => reply.header().number)).toEqual(Array.from({ length: 50 }, (_, number) => number));
  });

  it('listens once, says why it cannot, and shuts down twice', async () => {
    await using server = await startServer();
    await server.start();
    await expect(startServer({ port: server.port })).rejects.toSatisfy((error) => KiteError.is(error, 'KITE_LISTEN_FAILED'));
    await server.shutdown();
    await server.shutdown();
  });

  it('refuses connections above the limit', async () => {
    await using server = await startServer({ limits: { connectionsMax: 1 }, processors: () => silent });
    using first = await RawPeer.connect(server.port);
    using second = await RawPeer.connect(server.port);
    await until(() => second.closed);
    expect(first.closed).toBe(false);
    expect(server.counters.refused).toBe(1);
  });
});

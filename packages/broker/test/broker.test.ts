import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Commands, ResponseCode } from '@kitemq/protocol';
import { memoryKeyValueStores, NodeDisk, nodeRuntime, silentLogger } from '@kitemq/runtime';
import type { DiskFile, OpenMode } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { Broker } from '../src/index.ts';
import { TestBroker, eventually, sendHeader } from './support/test-broker.ts';

/** A disk whose flushes do not end while it holds them: a start waits for the first one. */
class HeldDisk extends NodeDisk {
  holds = false;
  #held: (() => void)[] = [];

  get held(): number {
    return this.#held.length;
  }

  override openSync(path: string, mode: OpenMode): DiskFile {
    const file = super.openSync(path, mode);
    const datasync = file.datasync.bind(file);
    file.datasync = (done) => {
      if (this.holds) this.#held.push(() => datasync(done));
      else datasync(done);
    };
    return file;
  }

  release(): void {
    this.holds = false;
    for (const go of this.#held.splice(0)) go();
  }
}

describe('a broker', () => {
  it('keeps messages, topics, groups and offsets over a restart', async () => {
    await using test = await TestBroker.start();
    await test.subscribe('G', 'T');
    for (let i = 0; i < 20; i++) await test.send('T', String(i), { queueId: i % 4 });
    await test.call(Commands.updateConsumerOffset, { consumerGroup: 'G', topic: 'T', queueId: 2, commitOffset: 3 });
    await test.restart();
    expect(test.broker.recovery?.clean).toBe(true);
    const bodies: string[] = [];
    for (let queueId = 0; queueId < 4; queueId++) bodies.push(...(await test.pull('T', queueId, 0)).messages.map((message) => Buffer.from(message.body).toString()));
    expect(bodies.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect((await test.call(Commands.queryConsumerOffset, { consumerGroup: 'G', topic: 'T', queueId: 2 })).header().offset).toBe(3);
    expect((await test.send('T', 'next', { queueId: 0 })).header().queueOffset).toBe(5);
  });

  it('answers codes that are not built with REQUEST_CODE_NOT_SUPPORTED', async () => {
    await using test = await TestBroker.start();
    for (const command of [Commands.endTransaction, Commands.popMessage, { ...Commands.heartBeat, code: 99_999 }]) {
      const reply = await test.call({ ...command, request: Commands.heartBeat.request, requestBody: Commands.viewMessageById.requestBody }, {});
      expect(reply.code, command.name).toBe(ResponseCode.requestCodeNotSupported);
    }
  });

  it('answers requests that it cannot read', async () => {
    await using test = await TestBroker.start();
    const garbled = { ...Commands.heartBeat, requestBody: { name: 'text', encode: (text: string) => Buffer.from(text), decode: () => '' } };
    expect((await test.call(garbled, {}, '{"clientID":')).code).toBe(ResponseCode.systemError);
    expect((await test.call({ ...Commands.sendMessageV2, request: Commands.heartBeat.request }, {})).code).toBe(ResponseCode.systemError);
    expect((await test.send('T', 'still there')).code).toBe(0);
  });

  it('says what is wrong when its port or its data is taken, and leaves nothing open', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const runtime = nodeRuntime({ logger: silentLogger });
    const path = mkdtempSync(join(tmpdir(), 'kitemq-broker-'));
    const make = (listenPort: number): Broker => new Broker({ runtime, openKeyValue: memoryKeyValueStores(), settings: { listenPort, storePathRootDir: path } });
    await expect(make(port).start()).rejects.toMatchObject({ code: 'KITE_LISTEN_FAILED' });
    await using first = make(0);
    await first.start();
    await expect(make(0).start()).rejects.toMatchObject({ code: expect.stringMatching(/^KITE_(DISK|STORE)_LOCKED$/) as string });
    taken.close();
    await first.shutdown();
    rmSync(path, { recursive: true, force: true });
  });

  it('refuses settings that make no sense, naming each', () => {
    const runtime = nodeRuntime({ logger: silentLogger });
    expect(() => new Broker({ runtime, settings: { listenPort: -1, brokerName: 'a b' } })).toThrow(/brokerName is "a b".*\n.*listenPort is -1/);
    expect(() => new Broker({ runtime, settings: { brokerId: 1 } })).toThrow('replicas are not built yet');
  });

  it('listens on the fast port too when it is free', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    await using test = new TestBroker();
    await test.open({ listenPort: port });
    if (test.broker.fastAddress === undefined) return;
    expect(test.broker.fastAddress).toBe(`127.0.0.1:${port - 2}`);
    expect((await test.client.invoke(test.broker.fastAddress, Commands.sendMessageV2, sendHeader('Fast'), Buffer.from('x'))).code).toBe(0);
  });

  it('can be shut down while it starts', async () => {
    const test = new TestBroker();
    const opening = test.open().catch((error: unknown) => error);
    await test.broker.shutdown();
    expect(await opening).toMatchObject({ code: 'KITE_STORE_UNAVAILABLE' });
    // Its data is free again.
    await test.open();
    await test[Symbol.asyncDispose]();
  });

  it('says that it is starting while its store is not open yet, and can be shut down then', async () => {
    const disk = new HeldDisk();
    const test = new TestBroker({ runtime: { ...nodeRuntime({ logger: silentLogger }), disk } });
    await test.open();
    const send = () => test.client.invoke(test.broker.address, Commands.sendMessageV2, sendHeader('Starting'), Buffer.from('x'));
    expect((await send()).code).toBe(0);
    await test.broker.shutdown();
    for (const outcome of ['stopped', 'started']) {
      disk.holds = true;
      const opening = test.open().catch((error: unknown) => error);
      await eventually(() => (disk.held > 0 ? true : undefined));
      expect(await send()).toMatchObject({ code: ResponseCode.systemBusy, remark: 'the broker is starting; try again' });
      const stopping = outcome === 'stopped' ? test.broker.shutdown() : undefined;
      disk.release();
      await stopping;
      if (outcome === 'stopped') expect(await opening).toMatchObject({ code: 'KITE_STORE_UNAVAILABLE' });
      else expect(await opening).toBe(undefined);
    }
    expect((await send()).code).toBe(0);
    await test[Symbol.asyncDispose]();
  });

  it('can be shut down twice, and before it was started', async () => {
    await using test = await TestBroker.start();
    await Promise.all([test.broker.shutdown(), test.broker.shutdown()]);
    await new Broker({ runtime: nodeRuntime({ logger: silentLogger }), openKeyValue: memoryKeyValueStores() }).shutdown();
  });
});

describe('a broker that is killed', () => {
  // What a killed process leaves are its files as they are at that moment: a copy of them, taken while it goes on.
  it.each(['SYNC_FLUSH', 'ASYNC_FLUSH'] as const)('has every message that it acknowledged, with %s', async (flushDiskType) => {
    await using alive = await TestBroker.start({ settings: { flushDiskType } });
    const acked = new Set<string>();
    const stopping = new AbortController();
    const sender = async (name: number): Promise<void> => {
      for (let i = 0; !stopping.signal.aborted; i++) {
        const body = `${name}-${i}`;
        if ((await alive.send('T', body)).code === 0) acked.add(body);
      }
    };
    const senders = Array.from({ length: 8 }, (_, name) => sender(name));
    await eventually(() => acked.size >= 200);
    const ackedBefore = [...acked];
    await using survivor = new TestBroker();
    cpSync(alive.directory, survivor.directory, { recursive: true });
    stopping.abort();
    await Promise.all(senders);
    rmSync(join(survivor.directory, 'lock'), { force: true });
    await survivor.open({ flushDiskType });
    expect(survivor.broker.recovery?.clean).toBe(false);
    const stored = new Set<string>();
    for (let offset = 0; ; ) {
      const answer = await survivor.pull('T', 0, offset);
      if (answer.code !== 0) break;
      for (const message of answer.messages) stored.add(Buffer.from(message.body).toString());
      offset = answer.reply.header().nextBeginOffset;
    }
    expect(ackedBefore.filter((body) => !stored.has(body))).toEqual([]);
  });
});

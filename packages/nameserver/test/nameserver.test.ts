import { Commands, RegisterBrokerBody } from '@kitemq/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Nameserver } from '../src/index.ts';
import { nodeRuntime } from '@kitemq/runtime';
import { Caller, eventually, registerHeader, startNameserver } from './support.ts';

describe('a name server', () => {
  it('starts once, stops twice, and says where it listens', async () => {
    const nameserver = await startNameserver();
    await nameserver.start();
    expect(nameserver.address).toMatch(/^127\.0\.0\.1:\d+$/);
    await nameserver.shutdown();
    await nameserver.shutdown();
  });

  it('says why it cannot listen', async () => {
    await using nameserver = await startNameserver();
    const second = new Nameserver({ runtime: nodeRuntime(), settings: { listenPort: Number(nameserver.address.split(':')[1]) } });
    await expect(second.start()).rejects.toMatchObject({ code: 'KITE_LISTEN_FAILED' });
    await second.shutdown();
  });

  it('answers what it does not serve with 3', async () => {
    await using nameserver = await startNameserver();
    await using client = new Caller(nameserver);
    const reply = await client.call({ ...Commands.getBrokerClusterInfo, code: 10 }, {});
    expect([reply.code, reply.remark]).toEqual([3, ' request type 10 not supported']);
  });

  it('says GO_AWAY while it stops gracefully', async () => {
    const nameserver = await startNameserver({ enableShutdownGracefully: true, shutdownWaitTimeSeconds: 1 });
    await using client = new Caller(nameserver);
    const channel = await client.client.connect(nameserver.address);
    const stopped = nameserver.shutdown();
    await eventually(async () => (await channel.invoke(Commands.getBrokerClusterInfo, {})).code === 1500);
    await stopped;
  });

  it('refuses more unregistrations than may wait', async () => {
    await using nameserver = await startNameserver({ unRegisterBrokerQueueCapacity: 1 });
    await using broker = new Caller(nameserver);
    await broker.register();
    const codes = await Promise.all(Array.from({ length: 5 }, async (_, i) => (await broker.unregister({ brokerAddr: `127.0.0.1:${i}` })).code));
    expect(codes).toContain(1);
  });

  it('survives any body and header', async () => {
    await using nameserver = await startNameserver();
    await using client = new Caller(nameserver);
    const raw = { name: 'bytes', encode: (value: Uint8Array) => (value.length === 0 ? undefined : value), decode: (bytes: Uint8Array | undefined) => bytes! };
    const commands = [Commands.registerBroker, Commands.queryDataVersion, Commands.registerTopicInNamesrv, Commands.updateNamesrvConfig, Commands.putKvConfig, Commands.brokerHeartbeat, Commands.unregisterBroker];
    const valid = Buffer.from(RegisterBrokerBody.encode(RegisterBrokerBody.create())!);
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
      fc.nat(valid.length).map((cut) => valid.subarray(0, cut)),
    );
    const ext = fc.dictionary(fc.constantFrom('brokerName', 'brokerAddr', 'clusterName', 'brokerId', 'compressed', 'bodyCrc32', 'topic', 'namespace', 'key', 'value', '__proto__'), fc.string());
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...commands), body, ext, async (command, bytes, fields) => {
        const reply = await client.call({ ...command, request: { ...command.request, fields: {}, name: 'Any' }, requestBody: raw }, {} as never, bytes as never, fields);
        expect([0, 1, 2, 16, 22]).toContain(reply.code);
      }),
      { numRuns: 300 },
    );
    expect((await client.call(Commands.registerBroker, registerHeader({}), RegisterBrokerBody.create())).code).toBe(0);
  });
});

import { deflateSync } from 'node:zlib';
import { Commands, DataVersion, maskedCrc32, RegisterBrokerBody, TopicConfigSerializeWrapper } from '@kitemq/protocol';
import { describe, expect, it } from 'vitest';
import { Caller, eventually, registerBody, registerHeader, startNameserver } from './support.ts';

describe('a registration', () => {
  it('makes its topics routable', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    expect((await broker.register()).code).toBe(0);
    const route = (await broker.route('T1')).body();
    expect(route.queueDatas).toEqual([{ brokerName: 'broker-a', readQueueNums: 8, writeQueueNums: 8, perm: 6, topicSysFlag: 0 }]);
    expect(route.brokerDatas).toEqual([
      { cluster: 'DefaultCluster', brokerName: 'broker-a', brokerAddrs: new Map([[0, '127.0.0.1:10911']]), zoneName: undefined, enableActingMaster: false },
    ]);
  });

  it('of a topic nobody has is answered with 17', async () => {
    await using nameserver = await startNameserver();
    await using client = new Caller(nameserver);
    const reply = await client.route('nowhere');
    expect([reply.code, reply.remark]).toEqual([17, 'No topic route info in name server for the topic: nowhere']);
  });

  it('overwrites acting-master flag and zone each time (rule 1)', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    await broker.register({ enableActingMaster: true, zoneName: 'z1' });
    await broker.register({});
    const info = (await broker.call(Commands.getBrokerClusterInfo, {})).body();
    expect(info.brokerAddrTable.get('broker-a')).toMatchObject({ enableActingMaster: false });
    expect(info.brokerAddrTable.get('broker-a')!.zoneName).toBeUndefined();
  });

  it('removes other ids of the same address (rule 2)', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    await broker.register({ brokerId: 0 });
    await broker.register({ brokerId: 1 });
    expect(await broker.addresses('T1')).toEqual({ 1: '127.0.0.1:10911' });
  });

  it('of an older state than that of the live holder of the id is ignored, and answered with success (rule 3)', async () => {
    await using nameserver = await startNameserver();
    await using first = new Caller(nameserver);
    await using second = new Caller(nameserver);
    await first.register({ version: { stateVersion: 5 } });
    const reply = await second.register({ brokerAddr: '127.0.0.1:20911', version: { stateVersion: 4 } });
    expect(reply.code).toBe(0);
    expect(await first.addresses('T1')).toEqual({ 0: '127.0.0.1:10911' });
    await second.register({ brokerAddr: '127.0.0.1:20911', version: { stateVersion: 5 } });
    expect(await first.addresses('T1')).toEqual({ 0: '127.0.0.1:20911' });
  });

  it('with one topic only is refused from a new id, and leaves nothing behind (rule 4)', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    const reply = await broker.register({ topics: ['T1'] });
    expect([reply.code, reply.remark]).toEqual([1, 'register broker failed']);
    const info = (await broker.call(Commands.getBrokerClusterInfo, {})).body();
    expect([info.brokerAddrTable.size, info.clusterAddrTable.size]).toEqual([0, 0]);
    await broker.register({ topics: ['T1', 'T2'] });
    expect((await broker.register({ topics: ['T3'], version: { counter: 1 } })).code).toBe(0);
    expect(await broker.addresses('T3')).toEqual({ 0: '127.0.0.1:10911' });
  });

  it('of a slave does not change topics, unless the group may have an acting master and the slave is the smallest (rule 5)', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    await broker.register({ brokerId: 1, brokerAddr: '127.0.0.1:1', topics: ['old', 'slave'] });
    expect((await broker.route('slave')).code).toBe(17);
    await broker.register({ brokerId: 2, brokerAddr: '127.0.0.1:2', topics: ['x', 'second'], enableActingMaster: true });
    expect((await broker.route('second')).code).toBe(17);
    await broker.register({ brokerId: 1, brokerAddr: '127.0.0.1:1', topics: ['x', 'prime'], enableActingMaster: true, version: { counter: 1 } });
    expect(await broker.perm('prime')).toBe(4);
  });

  it('with the same version writes only topics that the broker lacks (rule 5)', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    await broker.register({ topics: ['T1', 'T2'] });
    await broker.register({ topics: [{ topicName: 'T1', readQueueNums: 99 }, 'T3'] });
    expect((await broker.route('T1')).body().queueDatas[0]!.readQueueNums).toBe(8);
    expect((await broker.route('T3')).ok).toBe(true);
    await broker.register({ topics: [{ topicName: 'T1', readQueueNums: 99 }, 'T3'], version: { counter: 1 } });
    expect((await broker.route('T1')).body().queueDatas[0]!.readQueueNums).toBe(99);
  });

  it('removes missing topics only with deleteTopicWithBrokerRegistration (rule 5)', async () => {
    for (const deleteTopicWithBrokerRegistration of [false, true]) {
      await using nameserver = await startNameserver({ deleteTopicWithBrokerRegistration });
      await using broker = new Caller(nameserver);
      await broker.register({ topics: ['T1', 'T2', 'T3'] });
      await broker.register({ topics: ['T1', 'T2'], version: { counter: 1 } });
      expect((await broker.route('T3')).ok).toBe(!deleteTopicWithBrokerRegistration);
      expect((await broker.route('T1')).ok).toBe(true);
    }
  });

  it('tells a slave where its master is (rule 6)', async () => {
    await using nameserver = await startNameserver();
    await using master = new Caller(nameserver);
    await using slave = new Caller(nameserver);
    expect((await slave.register({ brokerId: 1, brokerAddr: '127.0.0.1:1' })).header()).toEqual({ masterAddr: undefined, haServerAddr: undefined });
    expect((await master.register({ haServerAddr: '127.0.0.1:777' })).header()).toEqual({ masterAddr: undefined, haServerAddr: undefined });
    expect((await slave.register({ brokerId: 1, brokerAddr: '127.0.0.1:1' })).header()).toEqual({ masterAddr: '127.0.0.1:10911', haServerAddr: '127.0.0.1:777' });
    await master.register({ brokerAddr: 'auto:10911', haServerAddr: 'auto:10912' });
    expect((await slave.register({ brokerId: 1, brokerAddr: '127.0.0.1:1' })).header()).toEqual({ masterAddr: '127.0.0.1:10911', haServerAddr: '127.0.0.1:10912' });
  });

  it('is answered with the order configuration of all topics (rule 7)', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    expect((await broker.register()).bytes).toBeUndefined();
    await broker.call(Commands.putKvConfig, { namespace: 'ORDER_TOPIC_CONFIG', key: 'T1', value: 'broker-a:4' });
    expect(JSON.parse(Buffer.from((await broker.register()).bytes!).toString())).toEqual({ table: { T1: 'broker-a:4' } });
    await using silent = await startNameserver({ returnOrderTopicConfigToBroker: false });
    await using other = new Caller(silent);
    await other.call(Commands.putKvConfig, { namespace: 'ORDER_TOPIC_CONFIG', key: 'T1', value: 'broker-a:4' });
    expect((await other.register()).bytes).toBeUndefined();
  });

  it('with a wrong check sum is refused, with the right one it is taken', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    const body = registerBody({});
    const bytes = RegisterBrokerBody.encode(body)!;
    const refused = await broker.call(Commands.registerBroker, { ...registerHeader({}), bodyCrc32: 1 }, body);
    expect([refused.code, refused.remark]).toEqual([1, 'crc32 not match']);
    expect((await broker.call(Commands.registerBroker, { ...registerHeader({}), bodyCrc32: maskedCrc32(bytes) }, body)).code).toBe(0);
  });

  it('is read compressed', async () => {
    const piece = (text: string): Buffer => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeInt32BE(bytes.length);
      return Buffer.concat([length, bytes]);
    };
    const count = (value: number): Buffer => Buffer.from([0, 0, 0, value]);
    const plain = Buffer.concat([
      piece('{"counter":3,"stateVersion":0,"timestamp":5}'),
      count(2),
      piece('T1 8 4 6 SINGLE_TAG {"+message.type":"FIFO"}'),
      piece('T2 1 1 4 SINGLE_TAG {}'),
      piece('["127.0.0.1:999"]'),
      count(1),
      piece('{"topic":"T1","scope":"__global__","totalQueues":1,"bname":"broker-a","epoch":1,"dirty":false,"currIdMap":{0:0}}'),
    ]);
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    const command = { ...Commands.registerBroker, requestBody: { name: 'bytes', encode: (value: Uint8Array) => value, decode: (bytes: Uint8Array | undefined) => bytes! } };
    const reply = await broker.call(command, { ...registerHeader({}), compressed: true }, deflateSync(plain));
    expect(reply.code).toBe(0);
    const route = (await broker.route('T1')).body();
    expect(route.queueDatas[0]).toMatchObject({ readQueueNums: 8, writeQueueNums: 4, perm: 6 });
    expect(route.filterServerTable.get('127.0.0.1:10911')).toEqual(['127.0.0.1:999']);
    expect(route.topicQueueMappingByBroker?.get('broker-a')?.totalQueues).toBe(1);
    const known = await broker.call(Commands.queryDataVersion, registerHeader({}), DataVersion.create({ counter: 3, timestamp: 5 }));
    expect(known.header().changed).toBe(false);
    for (const broken of [plain, deflateSync(plain.subarray(0, 30)), deflateSync(Buffer.concat([piece('{}'), count(200)]))]) {
      expect((await broker.call(command, { ...registerHeader({}), compressed: true }, broken)).code).toBe(1);
    }
  });

  it('without names, with endless names or with a negative id is refused', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    for (const parts of [{ brokerName: '' }, { clusterName: '' }, { brokerAddr: '' }, { brokerId: -1 }, { brokerName: 'x'.repeat(256) }, { topics: ['T1', 'y'.repeat(256)] }]) {
      expect((await broker.register(parts)).code).toBe(1);
    }
    expect((await broker.call(Commands.getBrokerClusterInfo, {})).body().brokerAddrTable.size).toBe(0);
  });

  it('of a broker before 3.0.11 is a bare topic table', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver, { version: 36 });
    const { topicConfigSerializeWrapper } = registerBody({});
    const command = { ...Commands.registerBroker, requestBody: TopicConfigSerializeWrapper };
    expect((await broker.call(command, registerHeader({}), topicConfigSerializeWrapper)).code).toBe(0);
    expect((await broker.route('T1')).ok).toBe(true);
  });
});

describe('a broker', () => {
  it('is gone as soon as its connection ends', async () => {
    await using nameserver = await startNameserver();
    await using client = new Caller(nameserver);
    const broker = new Caller(nameserver);
    await broker.register();
    await broker.client.shutdown();
    await eventually(async () => (await client.route('T1')).code === 17);
    const info = (await client.call(Commands.getBrokerClusterInfo, {})).body();
    expect([info.brokerAddrTable.size, info.clusterAddrTable.size]).toEqual([0, 0]);
  });

  it('stays when it registered again over another connection before the old one ended', async () => {
    await using nameserver = await startNameserver();
    await using fresh = new Caller(nameserver);
    const old = new Caller(nameserver);
    await old.register();
    await fresh.register();
    await old.client.shutdown();
    await eventually(async () => (await fresh.route('T1')).ok);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await fresh.route('T1')).ok).toBe(true);
  });

  it('that goes silent is gone after its timeout and its connection closed; heartbeats and version queries keep it', async () => {
    await using nameserver = await startNameserver({ scanNotActiveBrokerInterval: 20 });
    await using silent = new Caller(nameserver);
    await using beating = new Caller(nameserver);
    await using asking = new Caller(nameserver);
    await silent.register({ heartbeatTimeoutMillis: 200 });
    await beating.register({ brokerName: 'broker-b', brokerAddr: '127.0.0.1:2', heartbeatTimeoutMillis: 200 });
    await asking.register({ brokerName: 'broker-c', brokerAddr: '127.0.0.1:3', heartbeatTimeoutMillis: 200 });
    await eventually(async () => {
      await beating.call(Commands.brokerHeartbeat, { clusterName: 'DefaultCluster', brokerName: 'broker-b', brokerAddr: '127.0.0.1:2' });
      await asking.call(Commands.queryDataVersion, registerHeader({ brokerName: 'broker-c', brokerAddr: '127.0.0.1:3' }), DataVersion.create());
      return (await beating.addresses('T1', 'broker-a')) === undefined;
    });
    expect(await beating.addresses('T1', 'broker-b')).toEqual({ 0: '127.0.0.1:2' });
    expect(await beating.addresses('T1', 'broker-c')).toEqual({ 0: '127.0.0.1:3' });
    await eventually(() => !silent.client.isConnected(nameserver.address));
  });

  it('that unregisters takes its queues with it; the others keep theirs', async () => {
    await using nameserver = await startNameserver();
    await using a = new Caller(nameserver);
    await using b = new Caller(nameserver);
    await a.register();
    await b.register({ brokerName: 'broker-b', brokerAddr: '127.0.0.1:2' });
    expect((await a.unregister()).code).toBe(0);
    await eventually(async () => (await a.addresses('T1', 'broker-a')) === undefined);
    expect(await a.addresses('T1', 'broker-b')).toEqual({ 0: '127.0.0.1:2' });
  });

  it('asks by version whether to register', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    const unknown = await broker.call(Commands.queryDataVersion, registerHeader({}), DataVersion.create({ timestamp: 1 }));
    expect([unknown.header().changed, unknown.bytes]).toEqual([true, undefined]);
    await broker.register({ version: { timestamp: 9, counter: 2 } });
    const same = await broker.call(Commands.queryDataVersion, registerHeader({}), DataVersion.create({ timestamp: 9, counter: 2 }));
    expect([same.header().changed, same.body()]).toEqual([false, { stateVersion: 0, timestamp: 9, counter: 2 }]);
    const other = await broker.call(Commands.queryDataVersion, registerHeader({}), DataVersion.create({ timestamp: 9, counter: 3 }));
    expect(other.header().changed).toBe(true);
  });
});

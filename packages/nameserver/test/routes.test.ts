import { Commands, TopicRouteData } from '@kitemq/protocol';
import { RemotingServer } from '@kitemq/remoting';
import type { ConnectOptions, Network } from '@kitemq/runtime';
import { nodeRuntime } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { Caller, eventually, startNameserver } from './support.ts';

const slave = { brokerId: 1, brokerAddr: '127.0.0.1:1', enableActingMaster: true };
const master = { brokerId: 0, brokerAddr: '127.0.0.1:10911', enableActingMaster: true };

describe('a route', () => {
  it('is standard JSON for every client version, with quoted keys in numeric order', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver, { version: 253 });
    await broker.register(slave);
    await broker.register({ brokerAddr: '127.0.0.1:10911', enableActingMaster: true });
    const text = Buffer.from((await broker.route('T1')).bytes!).toString();
    expect(text).toContain('"brokerAddrs":{"0":"127.0.0.1:10911","1":"127.0.0.1:1"}');
    expect(text).toContain('"filterServerTable":{}');
    expect(JSON.parse(text)).toMatchObject({ queueDatas: [{ brokerName: 'broker-a', perm: 6 }] });
  });

  it('changes with every change of what it names, though answers are kept in between', async () => {
    await using nameserver = await startNameserver();
    await using a = new Caller(nameserver);
    await using b = new Caller(nameserver);
    await a.register();
    const first = (await a.route('T1')).bytes;
    expect((await a.route('T1')).bytes).toEqual(first);
    await b.register({ brokerName: 'broker-b', brokerAddr: '127.0.0.1:2' });
    expect((await a.route('T1')).body().brokerDatas.map((broker) => broker.brokerName)).toEqual(['broker-a', 'broker-b']);
    await b.unregister({ brokerName: 'broker-b', brokerAddr: '127.0.0.1:2' });
    await eventually(async () => (await a.route('T1')).body().brokerDatas.length === 1);
  });

  it('names filter servers of its brokers', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    await broker.register({ filterServerList: ['127.0.0.1:999'] });
    expect((await broker.route('T1')).body().filterServerTable).toEqual(new Map([['127.0.0.1:10911', ['127.0.0.1:999']]]));
    await broker.register({});
    expect((await broker.route('T1')).body().filterServerTable.size).toBe(0);
  });

  it('has the order configuration only with orderMessageEnable', async () => {
    for (const orderMessageEnable of [false, true]) {
      await using nameserver = await startNameserver({ orderMessageEnable });
      await using broker = new Caller(nameserver);
      await broker.register();
      await broker.route('T1');
      await broker.call(Commands.putKvConfig, { namespace: 'ORDER_TOPIC_CONFIG', key: 'T1', value: 'broker-a:4' });
      expect((await broker.route('T1')).body().orderTopicConf).toBe(orderMessageEnable ? 'broker-a:4' : undefined);
    }
  });

  it('is refused until brokers had time to register, with needWaitForService', async () => {
    await using nameserver = await startNameserver({ needWaitForService: true, waitSecondsForService: 3_600 });
    await using client = new Caller(nameserver);
    const reply = await client.route('T1');
    expect([reply.code, reply.remark]).toEqual([1, 'name server not ready']);
  });

  it('shows a broker that registered `auto` under the host by which the client came', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    await broker.register({ brokerAddr: 'auto:10911' });
    // A client behind a balancer, which says by which address it was reached.
    const runtime = nodeRuntime();
    const network: Network = new Proxy(runtime.network, {
      get: (target, name) =>
        name === 'connect'
          ? async (options: ConnectOptions) => {
              const socket = await target.connect(options);
              socket.write(Buffer.from('PROXY TCP4 10.1.2.3 10.9.8.7 1000 9876\r\n'));
              return socket;
            }
          : Reflect.get(target, name).bind(target),
    });
    await using elsewhere = new Caller(nameserver, { runtime: { ...runtime, network } });
    for (const [client, host] of [[broker, '127.0.0.1'], [elsewhere, '10.9.8.7']] as const) {
      expect(await client.addresses('T1')).toEqual({ 0: `${host}:10911` });
      const info = (await client.call(Commands.getBrokerClusterInfo, {})).body();
      expect(info.brokerAddrTable.get('broker-a')!.brokerAddrs.get(0)).toBe(`${host}:10911`);
      const group = (await client.call(Commands.getBrokerMemberGroup, { clusterName: 'DefaultCluster', brokerName: 'broker-a' })).body();
      expect(group.brokerMemberGroup!.brokerAddrs.get(0)).toBe(`${host}:10911`);
      expect((await client.call(Commands.getSystemTopicListFromNs, {})).body().brokerAddr).toBe(`${host}:10911`);
    }
  });
});

describe('an acting master', () => {
  it('is the smallest slave, shown as id 0, while there is no master (supportActingMaster)', async () => {
    await using nameserver = await startNameserver({ supportActingMaster: true });
    await using first = new Caller(nameserver);
    await using second = new Caller(nameserver);
    await using third = new Caller(nameserver);
    await first.register(master);
    await second.register(slave);
    await third.register({ brokerId: 2, brokerAddr: '127.0.0.1:2', enableActingMaster: true });
    expect(await third.addresses('T1')).toEqual({ 0: '127.0.0.1:10911', 1: '127.0.0.1:1', 2: '127.0.0.1:2' });
    await first.unregister(master);
    await eventually(async () => (await third.perm('T1')) === 4);
    expect(await third.addresses('T1')).toEqual({ 0: '127.0.0.1:1', 2: '127.0.0.1:2' });
  });

  it('is not shown without the setting, without the group’s flag, or while the queues are writeable', async () => {
    await using plain = await startNameserver();
    await using a = new Caller(plain);
    await a.register(master);
    await a.register(slave);
    await a.unregister(master);
    await eventually(async () => (await a.perm('T1')) === 4);
    expect(await a.addresses('T1')).toEqual({ 1: '127.0.0.1:1' });

    await using supporting = await startNameserver({ supportActingMaster: true });
    await using b = new Caller(supporting);
    await b.register({ brokerAddr: '127.0.0.1:10911' });
    await b.register({ brokerId: 1, brokerAddr: '127.0.0.1:1' });
    await b.unregister({});
    await eventually(async () => (await b.addresses('T1'))?.[0] === undefined);
    expect([await b.addresses('T1'), await b.perm('T1')]).toEqual([{ 1: '127.0.0.1:1' }, 6]);
  });

  it('is not shown to brokers that ask for their group by topic', async () => {
    await using nameserver = await startNameserver({ supportActingMaster: true });
    await using broker = new Caller(nameserver);
    await broker.register({ ...slave, topics: ['rmq_sys_SYNC_BROKER_MEMBER_broker-a', 'T1'] });
    expect(await broker.addresses('rmq_sys_SYNC_BROKER_MEMBER_broker-a')).toEqual({ 1: '127.0.0.1:1' });
    expect(await broker.addresses('T1')).toEqual({ 0: '127.0.0.1:1' });
  });
});

describe('NOTIFY_MIN_BROKER_ID_CHANGE', () => {
  /** A broker's own server, which writes down what it is told. */
  const brokerServer = async (heard: unknown[]): Promise<RemotingServer> => {
    const server = new RemotingServer({
      runtime: nodeRuntime(),
      host: '127.0.0.1',
      port: 0,
      processors: () => (request) => void heard.push({ oneway: request.oneway, ...request.header(Commands.notifyMinBrokerIdChange.request) }),
    });
    await server.start();
    return server;
  };

  it('tells the rest of the group who is left, and the others who came', async () => {
    const [heardByMaster, heardBySlave]: [unknown[], unknown[]] = [[], []];
    await using masterServer = await brokerServer(heardByMaster);
    await using slaveServer = await brokerServer(heardBySlave);
    await using nameserver = await startNameserver({ notifyMinBrokerIdChanged: true });
    await using a = new Caller(nameserver);
    await using b = new Caller(nameserver);
    const masterParts = { ...master, brokerAddr: masterServer.address, haServerAddr: '127.0.0.1:7' };
    const slaveParts = { ...slave, brokerAddr: slaveServer.address };
    await b.register(slaveParts);
    await a.register(masterParts);
    await eventually(() => heardBySlave.length === 1);
    expect(heardBySlave[0]).toMatchObject({ oneway: true, minBrokerId: 0, minBrokerAddr: masterServer.address, haBrokerAddr: '127.0.0.1:7', brokerName: undefined, offlineBrokerAddr: undefined });
    expect(heardByMaster).toEqual([]);
    await a.client.shutdown();
    await eventually(() => heardBySlave.length === 2);
    expect(heardBySlave[1]).toMatchObject({ minBrokerId: 1, minBrokerAddr: slaveServer.address, offlineBrokerAddr: masterServer.address });
  });

  it('is not sent by default', async () => {
    const heard: unknown[] = [];
    await using server = await brokerServer(heard);
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    await broker.register({ ...slave, brokerAddr: server.address });
    await broker.register(master);
    await broker.unregister(master);
    await eventually(async () => (await broker.perm('T1')) === 4);
    expect([heard, server.counters.accepted]).toEqual([[], 0]);
  });
});

describe('a broker group', () => {
  it('is listed by id; an unknown one is empty', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    await broker.register(slave);
    const group = async (brokerName: string) => (await broker.call(Commands.getBrokerMemberGroup, { clusterName: 'DefaultCluster', brokerName })).body().brokerMemberGroup;
    expect(await group('broker-a')).toEqual({ cluster: 'DefaultCluster', brokerName: 'broker-a', brokerAddrs: new Map([[1, '127.0.0.1:1']]) });
    expect((await group('nobody'))!.brokerAddrs.size).toBe(0);
  });
});

describe('static topics', () => {
  it('keep their mapping with the route', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    await broker.register();
    const reply = await broker.call(Commands.registerTopicInNamesrv, { topic: 'T9' }, TopicRouteData.create({ queueDatas: [{ brokerName: 'nobody', readQueueNums: 1, writeQueueNums: 1, perm: 6, topicSysFlag: 0 }] }));
    expect(reply.code).toBe(0);
    expect((await broker.route('T9')).code).toBe(17);
    await broker.call(Commands.registerTopicInNamesrv, { topic: 'T9' }, TopicRouteData.create({ queueDatas: [{ brokerName: 'broker-a', readQueueNums: 1, writeQueueNums: 1, perm: 6, topicSysFlag: 0 }] }));
    expect((await broker.route('T9')).ok).toBe(true);
  });
});

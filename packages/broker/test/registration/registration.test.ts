import { Commands, KVTable, RegisterBrokerBody, ResponseCode, TopicConfig } from '@kitemq/protocol';
import type { RegisterBrokerRequestHeader } from '@kitemq/protocol';
import { RemotingServer } from '@kitemq/remoting';
import type { Processor } from '@kitemq/remoting';
import { nodeRuntime, silentLogger } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { wholeTableTopicsMax } from '../../src/registration/registration.ts';
import { TestBroker, eventually } from '../support/test-broker.ts';

interface Registered {
  readonly header: RegisterBrokerRequestHeader;
  readonly topics: string[];
  readonly counter: number;
}

/** Writes down what brokers tell it. */
class FakeNameserver {
  readonly registered: Registered[] = [];
  readonly signedOff: string[] = [];
  answer: (registered: Registered) => { code: number; body?: Uint8Array } = () => ({ code: 0 });
  readonly server: RemotingServer;

  constructor(port = 0) {
    const register: Processor = (request) => {
      const header = request.header(Commands.registerBroker.request);
      const { topicConfigTable, dataVersion } = RegisterBrokerBody.decode(request.body).topicConfigSerializeWrapper;
      const registered = { header, topics: [...topicConfigTable.keys()], counter: dataVersion.counter };
      this.registered.push(registered);
      const { code, body } = this.answer(registered);
      request.reply(Commands.registerBroker, code, {}, { body });
    };
    const signOff: Processor = (request) => {
      this.signedOff.push(request.header(Commands.unregisterBroker.request).brokerAddr);
      request.reply(Commands.unregisterBroker, 0, {});
    };
    const processors = new Map([[Commands.registerBroker.code, register], [Commands.unregisterBroker.code, signOff]]);
    this.server = new RemotingServer({ runtime: nodeRuntime({ logger: silentLogger }), host: '127.0.0.1', port, processors });
  }

  static async start(port = 0): Promise<FakeNameserver> {
    const nameserver = new FakeNameserver(port);
    await nameserver.server.start();
    return nameserver;
  }

  get last(): Registered {
    return this.registered.at(-1)!;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server.shutdown();
  }
}

describe('a broker and its nameservers', () => {
  it('tells all of them everything before it is ready, and signs off at shutdown', async () => {
    await using one = await FakeNameserver.start();
    await using two = await FakeNameserver.start();
    await using test = await TestBroker.start({ settings: { namesrvAddr: `${one.server.address};${two.server.address}` } });
    for (const nameserver of [one, two]) {
      expect(nameserver.registered).toHaveLength(1);
      expect(nameserver.last.header).toMatchObject({ brokerName: 'broker-a', clusterName: 'DefaultCluster', brokerId: 0, brokerAddr: test.broker.address, compressed: false });
      expect(nameserver.last.topics).toEqual(expect.arrayContaining(['TBW102', 'DefaultCluster', 'broker-a', 'BenchmarkTest']));
    }
    await test.broker.shutdown();
    expect([one.signedOff, two.signedOff]).toEqual([[test.broker.address], [test.broker.address]]);
  });

  it('tells what changed at once: a topic is in the route when its creation is answered', async () => {
    await using nameserver = await FakeNameserver.start();
    await using test = await TestBroker.start({ settings: { namesrvAddr: nameserver.server.address } });
    const before = nameserver.last.counter;
    await test.createTopic('New', 1);
    // The whole table: a nameserver may take what is left out for deleted.
    expect(nameserver.last.topics).toEqual(expect.arrayContaining(['New', 'TBW102']));
    expect(nameserver.last.counter).toBe(before + 1);
    await test.send('Auto', 'x');
    await eventually(() => nameserver.registered.some(({ topics }) => topics.includes('Auto')));
    await test.call(Commands.deleteTopicInBroker, { topic: 'New' });
    await eventually(() => !nameserver.last.topics.includes('New'));
    expect(nameserver.last.topics).toContain('TBW102');
  });

  it('tells of a large table only what changed, and all of it when something is gone', async () => {
    await using nameserver = await FakeNameserver.start();
    await using test = await TestBroker.start({ settings: { namesrvAddr: nameserver.server.address } });
    const topicConfigList = Array.from({ length: wholeTableTopicsMax }, (_, i) => TopicConfig.create({ topicName: `Many${i}`, readQueueNums: 1, writeQueueNums: 1 }));
    expect((await test.call(Commands.updateAndCreateTopicList, {}, { topicConfigList })).code).toBe(0);
    await eventually(() => nameserver.registered.some(({ topics }) => topics.includes('Many0')));
    await test.createTopic('New', 1);
    await eventually(() => nameserver.last.topics.includes('New'));
    expect(nameserver.last.topics).toEqual(['New']);
    await test.call(Commands.deleteTopicInBroker, { topic: 'New' });
    await eventually(() => nameserver.last.topics.length > wholeTableTopicsMax);
    expect(nameserver.last.topics).not.toContain('New');
  });

  it('starts and serves while one is down, and tells it all when it is back', async () => {
    await using up = await FakeNameserver.start();
    const down = await FakeNameserver.start();
    const { address, port } = down.server;
    await down.server.shutdown();
    await using test = await TestBroker.start({ settings: { namesrvAddr: `${up.server.address};${address}` } });
    expect((await test.createTopic('WhileDown', 1)).code).toBe(0);
    expect(up.last.topics).toContain('WhileDown');
    await using back = await FakeNameserver.start(port);
    await eventually(() => back.registered.length > 0, 20_000);
    expect(back.registered[0]?.topics).toEqual(expect.arrayContaining(['TBW102', 'WhileDown']));
  });

  it('tells a nameserver that restarted everything again, without waiting for the next period', async () => {
    const first = await FakeNameserver.start();
    await using test = await TestBroker.start({ settings: { namesrvAddr: first.server.address } });
    const { port } = first.server;
    await first.server.shutdown();
    await using second = await FakeNameserver.start(port);
    await eventually(() => second.registered.length > 0, 20_000);
    expect(second.last.topics).toContain('TBW102');
    expect(test.broker.port).toBeGreaterThan(0);
  });

  it('registers anew with changed permissions', async () => {
    await using nameserver = await FakeNameserver.start();
    await using test = await TestBroker.start({ settings: { namesrvAddr: nameserver.server.address } });
    await test.call(Commands.updateBrokerConfig, {}, 'brokerPermission=4');
    expect(nameserver.last.topics.length).toBeGreaterThan(5);
  });

  it('takes over which topics are ordered', async () => {
    await using nameserver = await FakeNameserver.start();
    nameserver.answer = () => ({ code: ResponseCode.success, body: KVTable.encode({ table: new Map([['Sorted', 'broker-a:4']]) })! });
    await using test = await TestBroker.start({ settings: { namesrvAddr: nameserver.server.address } });
    await test.createTopic('Sorted', 1);
    await eventually(async () => (await test.call(Commands.getTopicConfig, { topic: 'Sorted' })).body().order);
  });
});

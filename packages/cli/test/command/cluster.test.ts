import { type Cluster, startCluster } from '@kitemq/testkit';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runKitemq } from '../../src/command/kitemq.ts';
import { type RecordingHost, recordingHost } from '../support/recording-host.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function kitemq(...argv: string[]): Promise<Result> {
  const host = recordingHost({ KITEMQ_NAMESERVER: cluster.nameserver });
  const code = await runKitemq(argv, host);
  return { code, out: host.out, err: host.err };
}

async function json<T>(...argv: string[]): Promise<T> {
  const { code, out, err } = await kitemq(...argv, '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out) as T;
}

const lines = <T>(text: string): T[] => text.trim().split('\n').map((line) => JSON.parse(line) as T);

/** A port that nobody listens on. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('topics', () => {
  it('are created, listed, described and deleted', async () => {
    const created = await kitemq('topic', 'create', 'Orders', '--queues', '3');
    expect(created).toEqual({ code: 0, out: 'Topic Orders is on broker-a with 3 queues.\n', err: '' });
    expect(await json<string[]>('topic', 'list')).toContain('Orders');
    expect((await kitemq('topic', 'list')).out).toMatch(/^TOPIC\n(.*\n)*Orders\n/);
    const status = await json<{ queues: Array<{ queueId: number; minOffset: number; maxOffset: number }> }>('topic', 'status', 'Orders');
    expect(status.queues.map((queue) => [queue.queueId, queue.minOffset, queue.maxOffset])).toEqual([[0, 0, 0], [1, 0, 0], [2, 0, 0]]);
    expect((await kitemq('topic', 'status', 'Orders')).out).toContain('MAX OFFSET');
    expect((await kitemq('topic', 'route', 'Orders')).out).toContain(`0=${cluster.brokers[0]?.address}`);
    expect((await kitemq('topic', 'delete', 'Orders')).out).toBe('Topic Orders is deleted.\n');
    expect(await json<string[]>('topic', 'list')).not.toContain('Orders');
  });

  it("hides the system's own topics unless asked", async () => {
    const all = await json<string[]>('topic', 'list', '--all');
    const own = await json<string[]>('topic', 'list');
    expect(all).toContain('TBW102');
    expect(all).toContain('broker-a');
    expect(own.filter((topic) => ['TBW102', 'broker-a', 'DefaultCluster', 'SELF_TEST_TOPIC'].includes(topic))).toEqual([]);
  });

  it('are missed with a sentence that says how to see them', async () => {
    const { code, err, out } = await kitemq('topic', 'status', 'NoSuch');
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toContain('NoSuch');
    expect(err).toContain('kitemq topic list');
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});

describe('messages', () => {
  it('are sent and printed with body, tag and key', async () => {
    await kitemq('topic', 'create', 'Messages', '--queues', '1');
    const sent = await kitemq('send', 'Messages', 'hello there', '--tag', 'eu', '--key', 'k1', '--property', 'a=b=c');
    expect(sent.code).toBe(0);
    expect(sent.out).toMatch(/^SEND_OK {2}[0-9A-F]+ {2}broker-a queue 0 offset 0\n$/);
    await kitemq('send', 'Messages', 'other', '--tag', 'us', '--count', '2');
    const printed = await kitemq('consume', 'Messages');
    expect(printed.out.trim().split('\n')).toHaveLength(3);
    expect(printed.out).toMatch(/broker-a queue 0 offset 0 {2}\[eu\] {2}hello there\n/);
    const filtered = await kitemq('consume', 'Messages', '--tag', 'us', '--json', '--count', '1');
    expect(lines<{ body: string; tags: string }>(filtered.out).map(({ body, tags }) => [body, tags])).toEqual([['other', 'us']]);
    const first = lines<{ keys: string[]; properties: Record<string, string> }>((await kitemq('consume', 'Messages', '--json')).out)[0];
    expect(first?.keys).toEqual(['k1']);
    expect(first?.properties['a']).toBe('b=c');
  });

  it('are printed from where one says', async () => {
    await kitemq('topic', 'create', 'Places', '--queues', '2');
    for (const body of ['a', 'b', 'c']) await kitemq('send', 'Places', body, '--queue', '1');
    const bodies = async (...argv: string[]): Promise<string[]> => {
      const { out } = await kitemq('consume', 'Places', '--json', ...argv);
      return out === '' ? [] : lines<{ body: string }>(out).map(({ body }) => body);
    };
    expect(await bodies('--offset', '1', '--queue', '1')).toEqual(['b', 'c']);
    expect(await bodies('--queue', '0')).toEqual([]);
    expect(await bodies('--from', 'last')).toEqual([]);
    expect(await bodies('--from', '1')).toEqual(['a', 'b', 'c']);
    expect(await bodies('--from', '2100-01-01')).toEqual([]);
    const wrong = await kitemq('consume', 'Places', '--from', 'someday');
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('--from is "someday"');
    expect((await kitemq('consume', 'Places', '--queue', '9')).err).toContain('has no such queue');
  });

  it('are followed until Ctrl-C', async () => {
    await kitemq('topic', 'create', 'Live', '--queues', '1');
    const host: RecordingHost = recordingHost({ KITEMQ_NAMESERVER: cluster.nameserver });
    const following = runKitemq(['consume', 'Live', '--follow', '--json'], host);
    await kitemq('send', 'Live', 'now');
    await vi.waitFor(() => expect(host.out).toContain('"body":"now"'), { timeout: 20_000, interval: 10 });
    host.signal('SIGINT');
    expect(await following).toBe(0);
    expect(host.err).toBe('');
  });

  it('are acknowledged when consumed as a member of a group, and the progress shows it', async () => {
    await kitemq('topic', 'create', 'Shared', '--queues', '1');
    for (const body of ['1', '2', '3']) await kitemq('send', 'Shared', body);
    const consumed = await kitemq('consume', 'Shared', '-g', 'readers', '--from', 'first', '--count', '2', '--json');
    expect(lines<{ body: string }>(consumed.out).map(({ body }) => body)).toEqual(['1', '2']);
    const progress = await json<{ lag: number; queues: Array<{ topic: string; consumerOffset: number }> }>('consumer', 'progress', '-g', 'readers', '-t', 'Shared');
    expect(progress.queues.find((queue) => queue.topic === 'Shared')?.consumerOffset).toBe(2);
    expect(progress.lag).toBe(1);
    expect((await kitemq('consumer', 'progress')).out).toMatch(/readers +\d+ +Shared +1/);
  });
});

describe('the cluster', () => {
  it('is listed with address and version', async () => {
    const [broker] = await json<Array<{ brokerName: string; address: string; version: string }>>('cluster', 'list');
    expect(broker).toMatchObject({ cluster: 'DefaultCluster', brokerName: 'broker-a', brokerId: 0, address: cluster.brokers[0]?.address });
    expect(broker?.version).not.toBe('');
    expect((await kitemq('cluster', 'list')).out).toContain('CLUSTER');
  });
});

describe('what is kept', () => {
  it('can be set for a topic, and deleted before its hour', async () => {
    const n = ['-n', cluster.nameserver];
    expect((await kitemq('topic', 'create', 'Kept', ...n, '--queues', '1', '--keep-hours', '6', '--keep-bytes', '1000')).code).toBe(0);
    for (let sent = 0; sent < 10; sent++) expect((await kitemq('sendMessage', ...n, '-t', 'Kept', '-p', 'x'.repeat(200))).code).toBe(0);
    expect((await kitemq('cluster', 'clean', ...n)).out).toContain('cleaned');
    const { queues } = await json<{ queues: { minOffset: number; maxOffset: number }[] }>('topic', 'status', 'Kept');
    expect(queues).toEqual([expect.objectContaining({ minOffset: 8, maxOffset: 10 })]);
    expect((await kitemq('topic', 'create', 'Bad', ...n, '--keep-hours', '0')).code).toBe(2);
    expect((await kitemq('cluster', 'clean', ...n, '--unused-topics', '--json')).code).toBe(0);
    expect((await kitemq('cluster', 'clean', ...n, '--broker', 'nobody')).code).not.toBe(0);
  });
});

describe("mqadmin's names", () => {
  it('work with its letters', async () => {
    const n = ['-n', cluster.nameserver];
    expect((await kitemq('updateTopic', ...n, '-c', 'DefaultCluster', '-t', 'FromMqadmin', '-r', '2', '-w', '2', '-p', '6')).code).toBe(0);
    expect((await kitemq('topicList', ...n)).out).toContain('FromMqadmin');
    expect((await kitemq('sendMessage', ...n, '-t', 'FromMqadmin', '-p', 'text', '-k', 'key', '-c', 'tag')).out).toContain('SEND_OK');
    expect((await kitemq('consumeMessage', ...n, '-t', 'FromMqadmin')).out).toContain('[tag]  text');
    expect((await kitemq('topicStatus', ...n, '-t', 'FromMqadmin')).out).toContain('broker-a');
    expect((await kitemq('topicRoute', ...n, '-t', 'FromMqadmin')).out).toContain('broker-a');
    expect((await kitemq('clusterList', ...n)).out).toContain('broker-a');
    expect((await kitemq('consumerProgress', ...n)).code).toBe(0);
    expect((await kitemq('brokerStatus', ...n, '-c', 'DefaultCluster')).out).toContain('brokerVersionDesc');
    expect((await kitemq('getBrokerConfig', ...n, '-b', cluster.brokers[0]?.address ?? '')).out).toContain('brokerName');
    expect((await kitemq('getNamesrvConfig', ...n)).out).toContain('listenPort');
    for (const name of ['cleanExpiredCQ', 'deleteExpiredCommitLog', 'cleanUnusedTopic']) expect((await kitemq(name, ...n, '-c', 'DefaultCluster')).out).toContain('cleaned');
    expect((await kitemq('updateKvConfig', ...n, '-s', 'space', '-k', 'a', '-v', '1')).code).toBe(0);
    expect((await kitemq('deleteKvConfig', ...n, '-s', 'space', '-k', 'a')).code).toBe(0);
    expect((await kitemq('wipeWritePerm', ...n, '-b', 'broker-a')).out).toContain('take no more messages');
    expect((await kitemq('addWritePerm', ...n, '-b', 'broker-a')).out).toContain('take messages again');
    expect((await kitemq('deleteTopic', ...n, '-c', 'DefaultCluster', '-t', 'FromMqadmin')).code).toBe(0);
    expect((await kitemq('topicStatus', ...n, '-t', 'x', '-z', '1')).code).toBe(2);
  });
});

describe("mqadmin's group and message commands", () => {
  it('work with its letters', async () => {
    await kitemq('topic', 'create', 'Grouped', '--queues', '1');
    for (const body of ['1', '2', '3']) await kitemq('send', 'Grouped', body);
    await kitemq('consume', 'Grouped', '-g', 'moved', '--from', 'first', '--count', '3');
    expect((await kitemq('updateSubGroup', '-c', 'DefaultCluster', '-g', 'moved', '-r', '3')).out).toBe('Group moved is set.\n');
    const reset = await kitemq('resetOffsetByTime', '-g', 'moved', '-t', 'Grouped', '-s', '0', '--json');
    expect(JSON.parse(reset.out)).toEqual([expect.objectContaining({ brokerName: 'broker-a', queueId: 0, offset: 0 })]);
    expect((await json<{ lag: number }>('consumerProgress', '-g', 'moved', '-t', 'Grouped')).lag).toBe(3);
    expect((await kitemq('skipAccumulatedMessage', '-g', 'moved', '-t', 'Grouped')).code).toBe(0);
    expect((await json<{ lag: number }>('consumerProgress', '-g', 'moved', '-t', 'Grouped')).lag).toBe(0);
    expect((await kitemq('queryMsgByOffset', '-t', 'Grouped', '-b', 'broker-a', '-i', '0', '-o', '1')).out).toContain('offset 1  2\n');
    expect((await kitemq('queryMsgByOffset', '-t', 'Grouped', '-b', 'broker-a', '-i', '0', '-o', '9')).err).toContain('there is no message at offset 9');
    expect((await kitemq('deleteSubGroup', '-c', 'DefaultCluster', '-g', 'moved', '-r', 'true')).out).toBe('Group moved is deleted.\n');
  });
});

describe('message query', () => {
  it('finds messages by key, tag, id and place', async () => {
    await kitemq('topic', 'create', 'Found', '--queues', '1');
    await kitemq('send', 'Found', 'first', '--key', 'k1', '--tag', 'red');
    await kitemq('send', 'Found', 'second', '--key', 'k1');
    await kitemq('send', 'Found', 'third line\nis longer', '--key', 'k2');
    interface Found { readonly body: string; readonly messageId: string; readonly offsetMessageId: string; readonly queueOffset: number; readonly storeTimestamp: number }
    const query = async (...args: string[]): Promise<Found[]> => json<Found[]>('message', 'query', '--topic', 'Found', ...args);
    const bodies = async (...args: string[]): Promise<string[]> => (await query(...args)).map(({ body }) => body);
    expect(await bodies('--key', 'k1')).toEqual(['first', 'second']);
    expect(await bodies('--key', 'k1', '--count', '1')).toEqual(['second']);
    expect(await bodies('--tag', 'red')).toEqual(['first']);
    const [third] = (await query('--queue', '0', '--offset', '2')) as [Found];
    expect(third).toMatchObject({ body: 'third line\nis longer', queueOffset: 2 });
    expect(await query('--unique-id', third.messageId)).toEqual([third]);
    expect(await json('message', 'query', '--offset-id', third.offsetMessageId)).toEqual([third]);
    expect(await bodies('--key', 'k2', '--since', String(third.storeTimestamp), '--until', new Date(third.storeTimestamp).toISOString())).toEqual([third.body]);
    const table = (await kitemq('message', 'query', '--topic', 'Found', '--key', 'k2')).out.split('\n');
    expect(table[0]).toMatch(/^STORED +BROKER +QUEUE +OFFSET +TAG +KEYS +MESSAGE ID +BODY$/);
    expect(table[1]).toContain(`${third.messageId}  third line is longer`);

    expect((await kitemq('queryMsgByKey', '-t', 'Found', '-k', 'k2')).out).toContain(third.messageId);
    expect((await kitemq('queryMsgByKey', '-t', 'Found', '-k', 'red', '-p', 'T')).out).toContain('first');
    expect((await kitemq('queryMsgByUniqueKey', '-t', 'Found', '-i', third.messageId)).out).toContain('third line');
    expect((await kitemq('queryMsgById', '-t', 'Found', '-i', third.offsetMessageId)).out).toContain('third line');
  });

  it('says what is wrong', async () => {
    await kitemq('topic', 'create', 'Lost', '--queues', '1');
    const refused: [string[], string, number][] = [
      [['--topic', 'Lost', '--key', 'none'], 'there is no such message', 1],
      [['--topic', 'Lost', '--key', 'none', '--since', String(2 ** 45)], 'there is no such message', 1],
      [['--topic', 'Lost', '--queue', '0', '--offset', '7'], 'there is no such message', 1],
      [['--topic', 'Lost'], 'give one of --key', 2],
      [['--topic', 'Lost', '--key', 'a', '--tag', 'b'], 'give one of --key', 2],
      [['--topic', 'Lost', '--queue', '0'], '--queue and --offset go together', 2],
      [['--topic', 'Lost', '--queue', '9', '--offset', '0'], 'has no such queue', 2],
      [['--key', 'a'], '--topic is missing', 2],
      [['--topic', 'Lost', '--key', 'a', '--since', 'soon'], '--since is "soon"', 2],
    ];
    for (const [args, sentence, status] of refused) {
      const { code, err } = await kitemq('message', 'query', ...args);
      expect(err, args.join(' ')).toContain(sentence);
      expect(code, args.join(' ')).toBe(status);
    }
  });
});

describe('doctor', () => {
  it('finds a healthy cluster healthy', async () => {
    await kitemq('topic', 'create', 'Checked');
    const { code, out } = await kitemq('doctor', '--topic', 'Checked');
    expect(code).toBe(0);
    expect(out).toContain(`ok    nameserver ${cluster.nameserver}: connected in`);
    expect(out).toContain(`ok    broker broker-a at ${cluster.brokers[0]?.address}: connected in`);
    expect(out).toContain('ok    topic Checked: writable on broker-a');
    expect(await json<{ healthy: boolean }>('doctor')).toMatchObject({ healthy: true });
  });

  it('says which nameserver does not answer, and what to do', async () => {
    const dead = `127.0.0.1:${await deadPort()}`;
    const { code, out } = await kitemq('doctor', '-n', dead);
    expect(code).toBe(1);
    expect(out).toContain(`FAIL  nameserver ${dead}: cannot connect`);
    expect(out).toContain('kitemq standalone');
  });

  it('says which broker advertises an address that cannot be dialled, and names brokerIP1', async () => {
    const port = await deadPort();
    await using hidden = await startCluster({ brokerSettings: { advertisedPort: port } });
    const { code, out } = await kitemq('doctor', '-n', hidden.nameserver);
    expect(code).toBe(1);
    expect(out).toContain(`FAIL  broker broker-a at 127.0.0.1:${port}: cannot connect`);
    expect(out).toContain('brokerIP1');
    const missing = await kitemq('doctor', '--topic', 'NoSuchTopic', '--json');
    expect(missing.code).toBe(1);
    expect(JSON.parse(missing.out)).toMatchObject({ healthy: false });
  });
});

describe('a cluster that is not there', () => {
  it('is one sentence with advice, and status 1', async () => {
    const dead = `127.0.0.1:${await deadPort()}`;
    const { code, err, out } = await kitemq('topic', 'list', '-n', dead, '--timeout', '2000');
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toContain(dead);
    expect(err).toContain(`kitemq doctor -n ${dead}`);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('is JSON on standard error with --json', async () => {
    const { code, err } = await kitemq('topic', 'list', '-n', `127.0.0.1:${await deadPort()}`, '--timeout', '2000', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(err)).toMatchObject({ error: { code: expect.stringMatching(/^KITE_/) as string } });
  });
});

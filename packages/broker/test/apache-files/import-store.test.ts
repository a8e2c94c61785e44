import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Commands, decodeRecord, encodeProperties } from '@kitemq/protocol';
import { memoryKeyValueStores, nodeRuntime, silentLogger } from '@kitemq/runtime';
import { AppendStatus, LogStore } from '@kitemq/store';
import type { ImportReport } from '@kitemq/store';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Broker, exportStore, importStore } from '../../src/index.ts';
import type { StoreImportOptions } from '../../src/index.ts';
import { eventually, TestBroker } from '../support/test-broker.ts';

const runtime = nodeRuntime({ logger: silentLogger });
const segmentBytes = 4 * 1024 * 1024;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'kitemq-import-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

interface ToStore {
  readonly topic: string;
  readonly queueId?: number;
  readonly body?: string;
  readonly properties?: Record<string, string>;
}

/** A directory with a commit log as Apache leaves it, and the files of config/. */
async function apacheStore(messages: readonly ToStore[], config: Readonly<Record<string, unknown>>): Promise<string> {
  const path = folder();
  const store = new LogStore({ runtime, path, storeHost: { address: '127.0.0.1', port: 10911 }, segmentBytes: 64 * 1024, openKeyValue: memoryKeyValueStores() });
  await store.start();
  for (const { topic, queueId = 0, body = 'x', properties = {} } of messages) {
    const message = {
      topic, queueId, flag: 0, sysFlag: 0, bornTimestamp: 1, bornHost: Buffer.from([127, 0, 0, 1, 0, 0, 0, 1]), reconsumeTimes: 0, preparedTransactionOffset: 0,
      body: Buffer.from(body), properties: Buffer.from(encodeProperties(properties)), tagsCode: 0,
    };
    await new Promise<void>((resolve, reject) => {
      const completion = { physicalOffset: 0, queueOffset: 0, storeTimestamp: 0, physicalOffsets: undefined, waitForFlush: true, appended: () => resolve() };
      if (store.append(message, completion) !== AppendStatus.accepted) reject(new Error('refused'));
    });
  }
  await store.shutdown();
  mkdirSync(join(path, 'config'));
  for (const [name, content] of Object.entries(config)) writeFileSync(join(path, 'config', name), typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function importing(source: string, options: Partial<StoreImportOptions> = {}): Promise<ImportReport> {
  return importStore({ runtime, source, target: join(folder(), 'new'), mode: 'copy', afterCrash: false, damaged: false, openKeyValue: memoryKeyValueStores(), logger: silentLogger, ...options });
}

async function opened(path: string): Promise<LogStore> {
  const store = new LogStore({ runtime, path, storeHost: { address: '127.0.0.1', port: 1 }, segmentBytes: 64 * 1024, openKeyValue: memoryKeyValueStores() });
  onTestFinished(() => store.shutdown());
  await store.start();
  return store;
}

const topic = (topicName: string, queues: number): Record<string, unknown> => ({
  topicName, readQueueNums: queues, writeQueueNums: queues, perm: 6, topicFilterType: 'SINGLE_TAG', topicSysFlag: 0, order: false, attributes: { 'message.type': 'NORMAL' },
});
const topicsOf = (...topics: Record<string, unknown>[]): unknown => ({ topicConfigTable: Object.fromEntries(topics.map((each) => [each['topicName'], each])), dataVersion: { stateVersion: 0, timestamp: 5, counter: 9 } });

describe('an import of config/*.json', () => {
  it('brings topics, groups, offsets and delays, in the words of fastjson', async () => {
    const messages = [...Array.from({ length: 5 }, () => ({ topic: 'A', queueId: 1 })), ...Array.from({ length: 4 }, () => ({ topic: 'SCHEDULE_TOPIC_XXXX', queueId: 2 }))];
    const source = await apacheStore(messages, {
      'topics.json': topicsOf(topic('A', 4), topic('TBW102', 8), topic('%RETRY%g', 1), topic('SCHEDULE_TOPIC_XXXX', 18)),
      'subscriptionGroup.json': '{"dataVersion":{"counter":3,"stateVersion":0,"timestamp":7},"forbiddenTable":{"g":{"A":4,"B":2}},"subscriptionGroupTable":{"g":{"groupName":"g","retryMaxTimes":3,"consumeBroadcastEnable":false},"TOOLS_CONSUMER":{"groupName":"TOOLS_CONSUMER"}}}',
      'consumerOffset.json': '{"dataVersion":{"counter":1},"offsetTable":{"A@g":{0:7,1:3,3:0},"%RETRY%g@g":{0:40},"Deleted@g":{0:1},"A@late":{1:99}}}',
      'delayOffset.json': '{"dataVersion":{},"offsetTable":{3:1,5:0}}',
    });
    const target = join(folder(), 'new');
    const report = await importing(source, { target });
    expect(report.carried).toMatchObject({ topics: 2, groups: 1, offsets: 5, delayedPending: 3 });
    expect(report.notes).toEqual([
      'there is no consumequeue/ to compare with: queues are what the log says',
      '1 consumer offsets are of topics that no longer exist, or are no offsets, and are left out',
      '1 consumer offsets were beyond the end of their queues and are set to the end',
    ]);
    const store = await opened(target);
    expect(store.settings.get('topic', 'A')).toMatchObject({ topicName: 'A', readQueueNums: 4, attributes: { 'message.type': 'NORMAL' } });
    expect(Array.from(store.settings.entries('topic'), ([name]) => name)).toEqual(['%RETRY%g', 'A']);
    expect(store.settings.get('group', 'g')).toMatchObject({ retryMaxTimes: 3, consumeBroadcastEnable: false, consumeEnable: true });
    expect(Array.from(store.settings.entries('group'), ([name]) => name)).toEqual(['g']);
    expect(store.settings.get('groupForbidden', 'g')).toEqual(['A']);
    expect(store.settings.get('tableVersion', 'topic')).toEqual({ stateVersion: 0, timestamp: 5, counter: 9 });
    expect(store.settings.get('schedule', 'offsets')).toEqual([0, 0, 1, 0, 0]);
    // Queues whose messages are gone go on where the group is.
    expect([0, 1, 3].map((queueId) => store.consumerOffsets.get('g', 'A', queueId))).toEqual([7, 3, 0]);
    expect(store.maxOffset('A', 0)).toBe(7);
    expect(store.consumerOffsets.get('g', '%RETRY%g', 0)).toBe(40);
    expect(store.maxOffset('%RETRY%g', 0)).toBe(40);
    expect(store.consumerOffsets.get('late', 'A', 1)).toBe(5);
  });

  it('takes the .bak of a file that is broken, and says so', async () => {
    const source = await apacheStore([{ topic: 'A' }], { 'topics.json': '{"topicConf', 'topics.json.bak': topicsOf(topic('A', 2)), 'consumerOffset.json': { offsetTable: {} } });
    const report = await importing(source);
    expect(report.carried['topics']).toBe(1);
    expect(report.notes).toContainEqual(expect.stringMatching(/^topics\.json could not be read \(.+\); topics\.json\.bak was taken$/));
  });

  it('refuses a broken or missing table before it writes anything; --damaged makes topics from the messages', async () => {
    const broken = await apacheStore([{ topic: 'A', queueId: 2 }, { topic: '%RETRY%g' }], { 'topics.json': '', 'consumerOffset.json': '[1' });
    const target = join(folder(), 'new');
    await expect(importing(broken, { target })).rejects.toMatchObject({ code: 'KITE_IMPORT_CONFIG' });
    const missing = await apacheStore([{ topic: 'A' }], {});
    await expect(importing(missing, { target })).rejects.toMatchObject({ code: 'KITE_IMPORT_CONFIG', message: expect.stringContaining('--damaged') });
    mkdirSync(join(missing, 'config', 'topics'));
    await expect(importing(missing, { target })).rejects.toMatchObject({ code: 'KITE_IMPORT_CONFIG', message: expect.stringContaining('rocksDBConfigToJson') });
    expect(existsSync(target)).toBe(false);
    const report = await importing(broken, { target, damaged: true });
    expect(report.notes.filter((note) => note.includes('.json'))).toHaveLength(3);
    const store = await opened(target);
    expect(store.settings.get('topic', 'A')).toMatchObject({ readQueueNums: 3, writeQueueNums: 3 });
    expect(store.settings.get('topic', '%RETRY%g')).toMatchObject({ readQueueNums: 1 });
  });

  it('names what it does not carry over', async () => {
    const half = (): ToStore => ({ topic: 'RMQ_SYS_TRANS_HALF_TOPIC' });
    const messages: ToStore[] = [
      half(), half(), half(), half(),
      { topic: 'RMQ_SYS_TRANS_OP_HALF_TOPIC', body: '1' },
      { topic: 'RMQ_SYS_TRANS_OP_HALF_TOPIC', body: '3,0,' },
      { topic: 'rmq_sys_wheel_timer', properties: { TIMER_OUT_MS: '9999999999999' } },
      { topic: 'rmq_sys_wheel_timer', properties: { TIMER_OUT_MS: '1000' } },
      { topic: 'rmq_sys_REVIVE_LOG_DefaultCluster', queueId: 3 },
    ];
    const source = await apacheStore(messages, {
      'topics.json': topicsOf(topic('A', 1)),
      'consumerOffset.json': { offsetTable: { 'RMQ_SYS_TRANS_HALF_TOPIC@CID_RMQ_SYS_TRANS': { 0: 1 } } },
      'messageRequestMode.json': { messageRequestModeMap: { A: { g: { mode: 'POP' } } } },
      'topicQueueMapping.json': { dataVersion: { counter: 1 }, topicQueueMappingInfoMap: {} },
      'somethingNew.json': {},
    });
    mkdirSync(join(source, 'compaction', 'compactionLog', 'A', '0'), { recursive: true });
    writeFileSync(join(source, 'compaction', 'position-checkpoint'), 'x');
    writeFileSync(join(source, 'compaction', 'compactionLog', 'A', '0', '0'), 'x');
    mkdirSync(join(source, 'rocksdb'));
    const { notes } = await importing(source);
    expect(notes).toEqual([
      'there is no consumequeue/ to compare with: queues are what the log says',
      '1 messages that are due at a set time (timer wheel) stay in the log and are not delivered by this version',
      '1 transactions wait for a decision; their messages stay in the log (RMQ_SYS_TRANS_HALF_TOPIC), and this version does not ask for it',
      '1 entries on messages that pop consumers took stay in the log; what was not acknowledged is not handed out again by this version',
      'not carried over: values of compacted topics that are older than the commit log (compaction/)',
      'not carried over: which groups consume by pop (messageRequestMode.json)',
      'not carried over, because it is not known: config/somethingNew.json',
    ]);
  });
});

describe('a store that goes to Apache and comes back', () => {
  async function filledBroker(): Promise<{ readonly data: string; readonly bodies: readonly string[] }> {
    await using test = await TestBroker.start();
    await test.createTopic('Orders', 2);
    const bodies = Array.from({ length: 20 }, (_, index) => `order ${index}`);
    for (const body of bodies) await test.send('Orders', body, { props: { TAGS: 'T', KEYS: body.replace(' ', '') } });
    await test.send('Orders', 'late', { props: { DELAY: '1' } });
    await test.subscribe('readers', 'Orders');
    await test.call(Commands.updateConsumerOffset, { consumerGroup: 'readers', topic: 'Orders', queueId: 0, commitOffset: 12 });
    await test.broker.shutdown();
    const data = folder();
    cpSync(test.directory, data, { recursive: true });
    return { data, bodies };
  }

  it('has the same messages, offsets, groups and delays in a broker that is started on it', async () => {
    const { data, bodies } = await filledBroker();
    const apache = join(folder(), 'apache');
    const report = await exportStore({ runtime, source: data, target: apache, mode: 'link', openKeyValue: memoryKeyValueStores(), logger: silentLogger });
    expect(report).toMatchObject({ segments: 1, segmentBytes, files: ['topics.json', 'subscriptionGroup.json', 'consumerOffset.json', 'delayOffset.json'] });
    expect(readdirSync(apache).sort()).toEqual(['commitlog', 'config']);
    expect(JSON.parse(readFileSync(join(apache, 'config', 'consumerOffset.json'), 'utf8'))).toMatchObject({ offsetTable: { 'Orders@readers': { 0: 12 } } });
    expect(JSON.parse(readFileSync(join(apache, 'config', 'topics.json'), 'utf8'))).toMatchObject({ topicConfigTable: { Orders: { readQueueNums: 2, perm: 6 } } });

    await using test = await TestBroker.start({ settings: { storePathRootDir: apache } });
    expect(test.logger.lines.some(({ message }) => message.includes('it is taken over where it is'))).toBe(true);
    expect(readdirSync(apache).sort()).toContain('apache');
    const { messages } = await test.pull('Orders', 0, 0);
    expect(messages.map(({ body }) => Buffer.from(body).toString())).toEqual(bodies);
    const offset = await test.call(Commands.queryConsumerOffset, { consumerGroup: 'readers', topic: 'Orders', queueId: 0 });
    expect(offset.header()).toMatchObject({ offset: 12 });
    const late = await eventually(async () => (await test.pull('Orders', 0, bodies.length, { sysFlag: 4 })).messages[0]);
    expect(Buffer.from(late.body).toString()).toBe('late');
    // A second start has nothing to take over.
    await test.restart();
    expect(test.logger.lines.filter(({ message }) => message.includes('it is taken over where it is'))).toHaveLength(1);
    expect((await test.pull('Orders', 0, 5)).messages[0]?.queueOffset).toBe(5);
  });

  it('leaves out offsets of queues that Apache will count from 0 again', async () => {
    const data = await apacheStore([{ topic: 'Full' }], {});
    rmSync(join(data, 'config'), { recursive: true });
    const store = new LogStore({ runtime, path: data, storeHost: { address: '127.0.0.1', port: 1 }, segmentBytes: 64 * 1024, openKeyValue: memoryKeyValueStores() });
    await store.start();
    await store.beginQueue('Emptied', 0, 90);
    await store.beginQueue('SCHEDULE_TOPIC_XXXX', 1, 7);
    await store.settings.put('schedule', 'offsets', [0, 7]);
    store.consumerOffsets.commit('g', 'Emptied', 0, 80);
    store.consumerOffsets.commit('g', 'Full', 0, 1);
    await store.shutdown();
    const target = join(folder(), 'apache');
    const report = await exportStore({ runtime, source: data, target, mode: 'copy', openKeyValue: memoryKeyValueStores(), logger: silentLogger });
    expect(report.notes).toEqual(['2 queues have lost all their messages to retention; Apache counts their offsets from 0 again']);
    expect(JSON.parse(readFileSync(join(target, 'config', 'consumerOffset.json'), 'utf8'))).toMatchObject({ offsetTable: { 'Full@g': { 0: 1 } } });
    expect(readFileSync(join(target, 'config', 'consumerOffset.json'), 'utf8')).not.toContain('Emptied');
    expect(JSON.parse(readFileSync(join(target, 'config', 'delayOffset.json'), 'utf8'))).toMatchObject({ offsetTable: { 1: 0, 2: 0 } });
  });

  it('loses what was removed while Apache had it', async () => {
    const { data } = await filledBroker();
    const apache = join(folder(), 'apache');
    await exportStore({ runtime, source: data, target: apache, mode: 'copy', openKeyValue: memoryKeyValueStores(), logger: silentLogger });
    writeFileSync(join(apache, 'config', 'topics.json'), JSON.stringify(topicsOf(topic('Other', 1))));
    writeFileSync(join(apache, 'config', 'subscriptionGroup.json'), '{"subscriptionGroupTable":{}}');
    writeFileSync(join(apache, 'config', 'consumerOffset.json'), '{"offsetTable":{}}');
    const target = join(folder(), 'new');
    await importing(apache, { target });
    const store = await opened(target);
    expect(Array.from(store.settings.entries('topic'), ([name]) => name)).toEqual(['Other']);
    expect([...store.settings.entries('group')]).toEqual([]);
    expect(store.consumerOffsets.get('readers', 'Orders', 0)).toBe(-1);
    const record = await store.recordAt(store.minPosition);
    expect(decodeRecord(record as Uint8Array).size).toBeGreaterThan(0);
  });
});

describe("a broker that is started on Apache's tables without a log", () => {
  const brokerOn = (storePathRootDir: string): Promise<TestBroker> => TestBroker.start({ settings: { storePathRootDir } });

  it('refuses and changes nothing, so that it takes the store over when the log is there', async () => {
    const path = await apacheStore([{ topic: 'A', body: 'kept' }], { 'topics.json': topicsOf(topic('A', 1)) });
    const elsewhere = join(folder(), 'log');
    renameSync(join(path, 'commitlog'), elsewhere);
    const before = readdirSync(path).sort();
    for (let start = 0; start < 2; start++) {
      await expect(brokerOn(path)).rejects.toMatchObject({ code: 'KITE_IMPORT_SOURCE', message: expect.stringContaining(`Put the log into ${path}/commitlog and start again`) });
      expect(readdirSync(path).sort()).toEqual(before);
    }
    renameSync(elsewhere, join(path, 'commitlog'));
    await using test = await brokerOn(path);
    const { messages } = await test.pull('A', 0, 0);
    expect(messages.map(({ body }) => Buffer.from(body).toString())).toEqual(['kept']);
  });

  it('refuses also when there never was a message', async () => {
    const path = folder();
    for (const name of ['config', 'commitlog', 'index']) mkdirSync(join(path, name));
    writeFileSync(join(path, 'config', 'topics.json'), JSON.stringify(topicsOf(topic('A', 1))));
    await expect(brokerOn(path)).rejects.toMatchObject({ code: 'KITE_IMPORT_SOURCE' });
    expect(readdirSync(path).sort()).toEqual(['commitlog', 'config', 'index']);
  });

  it('starts on a folder whose config/ is not of Apache', async () => {
    const path = folder();
    mkdirSync(join(path, 'config'));
    writeFileSync(join(path, 'config', 'broker.conf'), '');
    await using test = await brokerOn(path);
    await test.createTopic('A', 1);
  });
});

describe('a broker that is started on', () => {
  const brokerOn = (storePathRootDir: string): Broker => new Broker({ runtime, openKeyValue: memoryKeyValueStores(), logger: silentLogger, settings: { listenPort: 0, storePathRootDir } });

  it.each([
    ['a store that was not stopped in an orderly way', 'KITE_IMPORT_UNCLEAN', (path: string) => writeFileSync(join(path, 'abort'), '')],
    ['a store with a broken table', 'KITE_IMPORT_CONFIG', (path: string) => writeFileSync(join(path, 'config', 'topics.json'), '{')],
    ['a store with a hole in its log', 'KITE_IMPORT_DAMAGED', (path: string) => writeFileSync(join(path, 'commitlog', '00000000000000655360'), 'x'.repeat(65_536))],
    ['an interrupted import from elsewhere', 'KITE_IMPORT_INTERRUPTED', (path: string) => writeFileSync(join(path, 'import-in-progress'), '{"source":"/elsewhere","begin":0,"end":1}')],
  ])('%s refuses and changes nothing', async (_name, code, damage) => {
    const path = await apacheStore([{ topic: 'A' }], { 'topics.json': topicsOf(topic('A', 1)) });
    damage(path);
    const before = readdirSync(path).sort();
    const advice = code === 'KITE_IMPORT_INTERRUPTED' ? 'kitemq store import /elsewhere --data ' : `kitemq store import ${path} --data NEW_FOLDER`;
    await expect(brokerOn(path).start()).rejects.toMatchObject({ code, message: expect.stringContaining(advice) });
    expect(readdirSync(path).sort()).toEqual(before);
  });
});

import { encodeHost, encodeProperties, encodeRecord, recordSizeOf } from '@kitemq/protocol';
import type { RecordFields } from '@kitemq/protocol';
import { nodeRuntime, TaskScope } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { AppendOutcome, AppendStatus, ReadStatus } from '@kitemq/store';
import type { AppendCompletion, MessageToAppend, ReadCompletion, ReadQuery } from '@kitemq/store';
import { describe, expect, it } from 'vitest';
import type { BrokerContext } from '../../src/broker-context.ts';
import { parseBrokerSettings } from '../../src/index.ts';
import { ScheduleService } from '../../src/schedule/schedule-service.ts';
import { eventually } from '../support/test-broker.ts';

/** The queue of level 1 with messages that are long due, and a target that can be told to fail. */
class FakeStore {
  readonly records: Uint8Array[] = [];
  readonly delivered: string[] = [];
  appends = 0;
  /** How the nth append ends; accepted and stored unless said otherwise. */
  plan: (nth: number) => { status?: AppendStatus; outcome?: AppendOutcome } = () => ({});
  saved: number[] | undefined = undefined;
  readonly settings = { get: () => this.saved, put: () => Promise.resolve() };

  add(body: string, properties: Record<string, string>): void {
    const host = encodeHost('127.0.0.1', 1);
    const fields = {
      topic: Buffer.from('SCHEDULE_TOPIC_XXXX'), queueId: 0, flag: 0, queueOffset: this.records.length, physicalOffset: 0, sysFlag: 0, bornTimestamp: 1, bornHost: host, storeTimestamp: 1, storeHost: host,
      reconsumeTimes: 0, preparedTransactionOffset: 0, body: Buffer.from(body), properties: Buffer.from(encodeProperties(properties)),
    } as unknown as RecordFields;
    const bytes = Buffer.alloc(recordSizeOf(fields));
    encodeRecord(bytes, 0, fields);
    this.records.push(bytes);
  }

  onArrival(): void {}
  beforeTrim(): void {}
  maxOffset(_topic: string, queueId: number): number {
    return queueId === 0 ? this.records.length : 0;
  }
  read({ offset, maxMessages }: ReadQuery, completion: ReadCompletion): void {
    const records = this.records.slice(offset, offset + maxMessages);
    completion.readDone({ status: ReadStatus.found, nextBeginOffset: offset + records.length, minOffset: 0, maxOffset: this.records.length, records, messageCount: records.length, byteCount: 0 });
  }
  append(message: MessageToAppend, completion: AppendCompletion): AppendStatus {
    const { status = AppendStatus.accepted, outcome = AppendOutcome.stored } = this.plan(this.appends++);
    const body = Buffer.from(message.body).toString();
    if (status === AppendStatus.accepted) {
      setImmediate(() => {
        if (outcome === AppendOutcome.stored) this.delivered.push(`${message.topic}/${message.queueId}:${body}`);
        completion.appended(outcome);
      });
    }
    return status;
  }
}

async function deliver(store: FakeStore, count: number): Promise<{ offsets: number[]; logger: RecordingLogger }> {
  const logger = new RecordingLogger();
  const real = nodeRuntime({ logger });
  // Retries after ten seconds happen at once.
  const runtime = { ...real, timers: { ...real.timers, setTimeout: (callback: () => void) => real.timers.setTimeout(callback, 1), setInterval: real.timers.setInterval.bind(real.timers), clear: real.timers.clear.bind(real.timers) } };
  await using scope = new TaskScope({ timers: real.timers, onError: () => {} });
  const context = { runtime, logger, scope, store, config: parseBrokerSettings({}), delayLevels: [1_000] } as unknown as BrokerContext;
  const service = new ScheduleService(context);
  service.start();
  await eventually(() => store.delivered.length >= count);
  await service.stop();
  return { offsets: service.offsets(), logger };
}

const target = { REAL_TOPIC: 'T', REAL_QID: '3' };

describe('delayed delivery', () => {
  it('stores all that is due together, in order', async () => {
    const store = new FakeStore();
    for (let i = 0; i < 600; i++) store.add(String(i), target);
    const { offsets } = await deliver(store, 600);
    expect(store.delivered).toEqual(Array.from({ length: 600 }, (_, i) => `T/3:${i}`));
    expect(offsets).toEqual([600]);
  });

  it('delivers again from the first that failed, and counts none as delivered that came after it', async () => {
    const store = new FakeStore();
    for (const body of ['a', 'b', 'c', 'd']) store.add(body, target);
    store.plan = (nth) => (nth === 1 ? { outcome: AppendOutcome.failed } : {});
    const { offsets } = await deliver(store, 6);
    // c and d may come twice: at least once is the promise.
    expect(store.delivered.slice(0, 3)).toEqual(['T/3:a', 'T/3:c', 'T/3:d']);
    expect(store.delivered.slice(3)).toEqual(['T/3:b', 'T/3:c', 'T/3:d']);
    expect(offsets).toEqual([4]);
  });

  it('passes over nothing when its saved progress is beyond the end of the log', async () => {
    const store = new FakeStore();
    store.saved = [7];
    store.add('a', target);
    const all = deliver(store, 1);
    store.add('b', target);
    expect((await all).offsets).toEqual([2]);
    expect(store.delivered).toEqual(['T/3:b']);
  });

  it('waits while the store takes nothing', async () => {
    const store = new FakeStore();
    store.add('a', target);
    store.add('b', target);
    store.plan = (nth) => (nth < 3 ? { status: AppendStatus.diskFull } : {});
    expect((await deliver(store, 2)).offsets).toEqual([2]);
    expect(store.delivered).toEqual(['T/3:a', 'T/3:b']);
  });

  it('skips what does not say where it goes, or cannot be stored there, and says so', async () => {
    const store = new FakeStore();
    store.add('a', target);
    store.add('lost', {});
    store.add('b', target);
    store.add('illegal', target);
    store.add('c', target);
    let illegal = false;
    store.plan = () => ({});
    const append = store.append.bind(store);
    store.append = (message, completion) => {
      if (Buffer.from(message.body).toString() !== 'illegal') return append(message, completion);
      illegal = true;
      return AppendStatus.messageIllegal;
    };
    const { offsets, logger } = await deliver(store, 3);
    expect(store.delivered).toEqual(['T/3:a', 'T/3:b', 'T/3:c']);
    expect([illegal, offsets]).toEqual([true, [5]]);
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
  });
});

// How long the hot headers take to read and write: `npm run bench` (after a build). Best of nine rounds, ns of processor time per call.
import { decodeFrame, encodeFrameHead, frameHeadSizeMax, PullMessageRequestHeader, PullMessageResponseHeader, SendMessageRequestHeaderV2, SendMessageResponseHeader } from '../dist/index.js';

const uniqKey = '7F00000119D818B4AAC28E1F3A5C0001';
const properties = `KEYS\u0001order-1\u0002UNIQ_KEY\u0001${uniqKey}\u0002WAIT\u0001true\u0002TAGS\u0001TagA\u0002`;
const cases = {
  'send request': [SendMessageRequestHeaderV2, 310, 0, { producerGroup: 'bench_producer', topic: 'BenchmarkTest', defaultTopic: 'TBW102', defaultTopicQueueNums: 4, queueId: 3, sysFlag: 0, bornTimestamp: 1_700_000_000_123, flag: 0, properties, reconsumeTimes: 0, unitMode: false, batch: false, brokerName: 'broker-a' }],
  'send response': [SendMessageResponseHeader, 0, 1, { msgId: '0A00000200002A9F0000000000001234', queueId: 3, queueOffset: 123_456, transactionId: uniqKey, regionId: 'DefaultRegion', traceOn: true }],
  'pull request': [PullMessageRequestHeader, 11, 0, { consumerGroup: 'bench_consumer', topic: 'BenchmarkTest', queueId: 3, queueOffset: 123_456, maxMsgNums: 32, sysFlag: 6, commitOffset: 0, suspendTimeoutMillis: 15_000, subscription: '*', subVersion: 1_700_000_000_123, expressionType: 'TAG', maxMsgBytes: 262_144, requestSource: -1, brokerName: 'broker-a' }],
  'pull response': [PullMessageResponseHeader, 0, 1, { suggestWhichBrokerId: 0, nextBeginOffset: 123_488, minOffset: 0, maxOffset: 456_789, offsetDelta: 0, topicSysFlag: 0, groupSysFlag: 0 }],
};
const rounds = 9;
const types = { JSON: 0, ROCKETMQ: 1, MSGPACK: 2 };

/** Processor time, so that what else the machine does counts less. */
function best(work, calls) {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    for (let call = 0; call < calls; call++) work(call);
    const spent = process.cpuUsage(before);
    least = Math.min(least, ((spent.user + spent.system) * 1_000) / calls);
  }
  return Math.round(least);
}

const target = Buffer.alloc(65_536);
const encoded = (frame) => Buffer.from(target.subarray(0, encodeFrameHead(target, 0, frame)));

/** No two frames of a connection are the same: other numbers, other keys. */
const variants = 64;
const digits = (index) => (index * 1_234_577).toString(16).toUpperCase().padStart(8, '0');
function variantOf(values, index) {
  const varied = { ...values };
  if ('queueId' in values) varied.queueId = index % 8;
  if ('queueOffset' in values) varied.queueOffset = values.queueOffset + index;
  if ('bornTimestamp' in values) varied.bornTimestamp = values.bornTimestamp + (index >> 3);
  for (const name of ['properties', 'transactionId']) if (name in values) varied[name] = values[name].replace(uniqKey, uniqKey.slice(0, -8) + digits(index));
  return varied;
}
let sink = 0;
for (const [name, [schema, code, flag, values]] of Object.entries(cases)) {
  for (const [typeName, serializeType] of Object.entries(types)) {
    const frame = { serializeType, code, language: 0, version: 513, opaque: 0, flag, remark: undefined, schema, values, ext: undefined, bodyLength: 0 };
    const encode = best((call) => {
      frame.opaque = call;
      if (frameHeadSizeMax(frame) < target.length) sink += encodeFrameHead(target, 0, frame);
    }, 40_000);
    const frames = Array.from({ length: variants }, (_, index) => encoded({ ...frame, opaque: 1_000_012_345 + index * 7_919, values: variantOf(values, index) }));
    // As they come: many in one piece.
    const bytes = Buffer.concat(frames);
    const starts = frames.map((_, index) => frames.slice(0, index).reduce((sum, { length }) => sum + length, 0));
    const decoded = (call) => decodeFrame(bytes, starts[call % variants], starts[call % variants] + frames[call % variants].length);
    const head = best((call) => (sink += decoded(call).opaque), 40_000);
    const decode = best((call) => (sink += decoded(call).ext.read(schema) === undefined ? 1 : 0), 40_000);
    const parsed = serializeType === 0 ? `   JSON.parse alone ${best(() => (sink += JSON.parse(frames[0].utf8Slice(8, frames[0].length)).opaque), 40_000)} ns` : '';
    console.log(`${name.padEnd(14)} ${typeName.padEnd(9)} ${String(frames[0].length).padStart(4)} bytes   encode ${String(encode).padStart(5)} ns   frame ${String(head).padStart(5)} ns   frame + header ${String(decode).padStart(5)} ns${parsed}`);
  }
}
if (sink === 0) console.log();

import hdr from 'hdr-histogram-js';

import { nextBeginOffset, WireConnection } from './connection.mjs';
import { FIRST_OPAQUE, OFFSET_DIGIT_COUNT, pullTemplate, sendTemplates, writeDecimal } from './frames.mjs';
import { paced } from './pace.mjs';

const PULL_FOUND = 0;

/**
 * @typedef {object} PullOptions
 * @property {string} broker `host:port`
 * @property {string} topic
 * @property {number} queues each is read by one reader on a connection of its own
 * @property {import('./frames.mjs').HeaderKind} kind
 * @property {number} batch messages asked for at once
 * @property {number} seconds
 * @property {(at: 'start' | 'end') => void} [onMeasure]
 */

/** @param {Buffer} chunk @param {number} bodyStart @param {number} end @param {(recordAt: number) => void} [each] @returns {number} records in the body */
function walkRecords(chunk, bodyStart, end, each) {
  let count = 0;
  for (let at = bodyStart; at + 4 <= end; count += 1) {
    each?.(at);
    const size = chunk.readInt32BE(at);
    if (size <= 0) throw new Error(`a record of ${size} bytes in a pull response`);
    at += size;
  }
  return count;
}

/**
 * Reads a backlog over and over for a fixed time, one request in flight per queue.
 * @param {PullOptions} options
 * @returns {Promise<{ messages: number, bytes: number, pulls: number, seconds: number, perSecond: number }>}
 */
export async function pullBacklog(options) {
  const total = { messages: 0, bytes: 0, pulls: 0 };
  let stopped = false;
  /** @type {Error | undefined} */
  let failure;
  const readers = await Promise.all(
    Array.from({ length: options.queues }, async (_, queueId) => {
      const template = pullTemplate({ ...options, queueId, group: 'CG_bench', suspend: false });
      let offset = 0;
      let sequence = 0;
      const connection = await WireConnection.open(options.broker, (_opaque, code, chunk, headerStart, bodyStart, end) => {
        if (stopped) return;
        total.pulls += 1;
        if (code === PULL_FOUND) {
          total.messages += walkRecords(chunk, bodyStart, end);
          total.bytes += end - bodyStart;
          offset = nextBeginOffset(chunk, headerStart, bodyStart);
        } else if (offset === 0) failure ??= new Error(`pull was answered with ${code}: ${chunk.toString('latin1', headerStart, bodyStart)}`);
        else offset = 0; // the end: once more from the start
        pull();
      });
      const pull = () => {
        const frame = Buffer.allocUnsafe(template.length);
        template.copyTo(frame, 0, FIRST_OPAQUE + sequence);
        sequence += 1;
        writeDecimalField(frame, template.at['offset'] ?? 0, offset);
        connection.socket.write(frame);
      };
      return { connection, pull };
    }),
  );
  options.onMeasure?.('start');
  const startedAt = performance.now();
  for (const { pull } of readers) pull();
  await new Promise((resolve) => setTimeout(resolve, options.seconds * 1000));
  stopped = true;
  const seconds = (performance.now() - startedAt) / 1000;
  options.onMeasure?.('end');
  for (const { connection } of readers) connection.socket.destroy();
  if (failure !== undefined) throw failure;
  return { ...total, seconds, perSecond: total.messages / seconds };
}

/** Leading zeros are fine for every decimal field: they are strings on the wire. @param {Buffer} frame @param {number} at @param {number} offset */
function writeDecimalField(frame, at, offset) {
  writeDecimal(frame, at, offset, OFFSET_DIGIT_COUNT);
}

/** Place of the body in a stored record with IPv4 hosts: behind the fixed fields and the body's length. */
const RECORD_BODY_AT = 88;

/**
 * Messages at a fixed rate, readers waiting at the tail of every queue; the latency is from the moment at which a message was
 * due to be sent until a reader has it.
 * @param {PullOptions & { rate: number, bodySize: number, startOffsets: number[] }} options
 */
export async function pullTail(options) {
  const histogram = hdr.build({ lowestDiscernibleValue: 1, highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 });
  let received = 0;
  let stopped = false;
  const readers = await Promise.all(
    Array.from({ length: options.queues }, async (_, queueId) => {
      const template = pullTemplate({ ...options, queueId, group: 'CG_bench_tail', suspend: true });
      let offset = options.startOffsets[queueId] ?? 0;
      let sequence = 0;
      const connection = await WireConnection.open(options.broker, (_opaque, code, chunk, headerStart, bodyStart, end) => {
        if (stopped) return;
        const now = performance.now();
        if (code === PULL_FOUND) {
          received += walkRecords(chunk, bodyStart, end, (at) => {
            const sentAt = chunk.readDoubleBE(at + RECORD_BODY_AT);
            histogram.recordValue(Math.max(1, Math.round((now - sentAt) * 1000)));
          });
        }
        const next = nextBeginOffset(chunk, headerStart, bodyStart);
        if (next >= 0) offset = next;
        pull();
      });
      const pull = () => {
        const frame = Buffer.allocUnsafe(template.length);
        template.copyTo(frame, 0, FIRST_OPAQUE + sequence);
        sequence += 1;
        writeDecimal(frame, template.at['offset'] ?? 0, offset, OFFSET_DIGIT_COUNT);
        connection.socket.write(frame);
      };
      return { connection, pull };
    }),
  );
  for (const { pull } of readers) pull();
  options.onMeasure?.('start');
  const sent = await sendTimed(options, options.seconds);
  await new Promise((resolve) => setTimeout(resolve, 500));
  stopped = true;
  options.onMeasure?.('end');
  for (const { connection } of readers) connection.socket.destroy();
  const p = (/** @type {number} */ q) => histogram.getValueAtPercentile(q);
  return { sent, received, latencyUs: { p50: p(50), p90: p(90), p99: p(99), p999: p(99.9), max: histogram.maxValue } };
}

/**
 * Sends at a fixed rate; the first eight bytes of each body say when it was due.
 * @param {PullOptions & { rate: number, bodySize: number }} options @param {number} seconds @returns {Promise<number>} messages sent
 */
async function sendTimed(options, seconds) {
  const templates = sendTemplates({ ...options, group: 'PG_bench' });
  const connection = await WireConnection.open(options.broker, () => {});
  let sent = 0;
  const stop = paced(options.rate, (index, dueAt) => {
    const template = /** @type {import('./frames.mjs').FrameTemplate} */ (templates[index % templates.length]);
    const frame = Buffer.allocUnsafe(template.length);
    template.copyTo(frame, 0, FIRST_OPAQUE + index);
    frame.writeDoubleBE(dueAt, template.length - options.bodySize);
    connection.socket.write(frame);
    sent += 1;
  });
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  stop();
  await new Promise((resolve) => setTimeout(resolve, 200));
  connection.socket.destroy();
  return sent;
}

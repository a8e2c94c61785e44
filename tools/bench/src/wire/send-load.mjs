import hdr from 'hdr-histogram-js';

import { WireConnection } from './connection.mjs';
import { BORN_DIGIT_COUNT, FIRST_OPAQUE, sendTemplates, UNIQ_DIGIT_COUNT, writeDecimal } from './frames.mjs';
import { paced } from './pace.mjs';

/** Slots for the send times of requests in flight; a power of two, more than can be in flight. */
const SLOTS = 1 << 18;

/**
 * @typedef {object} SendOptions
 * @property {string} broker `host:port`
 * @property {string} topic exists already
 * @property {number} queues of the topic
 * @property {number} [topics] above 1: so many, named `T_0`, `T_1`, …
 * @property {import('./frames.mjs').HeaderKind} kind
 * @property {number} bodySize bytes
 * @property {number} connections
 * @property {number} seconds measured, after `warmSeconds`
 * @property {number} warmSeconds
 * @property {(at: 'start' | 'end') => void} [onMeasure] called at the borders of the measured time
 */

/**
 * @typedef {object} SendResult
 * @property {number} sent messages answered with success in the measured time
 * @property {number} failed other answers, and requests without an answer at the end
 * @property {number} seconds
 * @property {number} perSecond
 * @property {{ p50: number, p90: number, p99: number, p999: number, max: number }} latencyUs
 */

/** Shared state of a load: who sends writes frames here, who receives records here. */
class SendState {
  /** @param {SendOptions} options */
  constructor(options) {
    this.templates = sendTemplates({ ...options, group: 'PG_bench' });
    this.frameLengthMax = Math.max(...this.templates.map(({ length }) => length));
    this.sentAt = new Float64Array(SLOTS);
    this.sequence = 0;
    this.inFlight = 0;
    this.sent = 0;
    this.failed = 0;
    this.measuring = false;
    this.histogram = hdr.build({ lowestDiscernibleValue: 1, highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 });
    this.firstFailure = '';
  }

  /**
   * Frames in one buffer, ready to be written.
   * @param {number} count @param {number} intendedAt ms of `performance.now()` that latency is counted from
   */
  frames(count, intendedAt) {
    const out = Buffer.allocUnsafe(count * this.frameLengthMax);
    let at = 0;
    const born = Date.now();
    for (let i = 0; i < count; i += 1) {
      const sequence = this.sequence;
      this.sequence += 1;
      const template = /** @type {import('./frames.mjs').FrameTemplate} */ (this.templates[sequence % this.templates.length]);
      template.copyTo(out, at, FIRST_OPAQUE + sequence);
      writeDecimal(out, at + (template.at['born'] ?? 0), born, BORN_DIGIT_COUNT);
      writeDecimal(out, at + (template.at['uniq'] ?? 0), sequence, UNIQ_DIGIT_COUNT);
      this.sentAt[sequence & (SLOTS - 1)] = intendedAt;
      at += template.length;
    }
    this.inFlight += count;
    return out.subarray(0, at);
  }

  /** @param {number} opaque @param {number} code @param {Buffer} chunk @param {number} headerStart @param {number} bodyStart */
  onResponse(opaque, code, chunk, headerStart, bodyStart) {
    this.inFlight -= 1;
    if (code !== 0) {
      if (this.firstFailure === '') this.firstFailure = chunk.toString('latin1', headerStart, bodyStart);
      if (this.measuring) this.failed += 1;
      return;
    }
    if (!this.measuring) return;
    this.sent += 1;
    const us = (performance.now() - (this.sentAt[(opaque - FIRST_OPAQUE) & (SLOTS - 1)] ?? 0)) * 1000;
    this.histogram.recordValue(Math.max(1, Math.round(us)));
  }

  /** @param {number} seconds @returns {SendResult} */
  result(seconds) {
    if (this.sent === 0) throw new Error(`no send succeeded; first answer: ${this.firstFailure}`);
    const p = (/** @type {number} */ q) => this.histogram.getValueAtPercentile(q);
    return {
      ...{ sent: this.sent, failed: this.failed, seconds, perSecond: this.sent / seconds },
      latencyUs: { p50: p(50), p90: p(90), p99: p(99), p999: p(99.9), max: this.histogram.maxValue },
    };
  }
}

/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {SendState} state @param {SendOptions} options @returns {Promise<number>} measured seconds */
async function measure(state, { warmSeconds, seconds, onMeasure }) {
  await sleep(warmSeconds * 1000);
  onMeasure?.('start');
  const startedAt = performance.now();
  state.measuring = true;
  await sleep(seconds * 1000);
  state.measuring = false;
  const measured = (performance.now() - startedAt) / 1000;
  onMeasure?.('end');
  return measured;
}

/**
 * A fixed number of requests in flight on each connection; every answer triggers the next request.
 * @param {SendOptions & { inFlight: number }} options
 * @returns {Promise<SendResult>}
 */
export async function sendClosedLoop(options) {
  const state = new SendState(options);
  let stopped = false;
  const connections = await Promise.all(
    Array.from({ length: options.connections }, async () => {
      let answered = 0;
      const connection = await WireConnection.open(
        options.broker,
        (opaque, code, chunk, headerStart, bodyStart) => {
          answered += 1;
          state.onResponse(opaque, code, chunk, headerStart, bodyStart);
        },
        () => {
          if (answered === 0 || stopped) return;
          connection.socket.write(state.frames(answered, performance.now()));
          answered = 0;
        },
      );
      return connection;
    }),
  );
  for (const { socket } of connections) socket.write(state.frames(options.inFlight, performance.now()));
  const seconds = await measure(state, options);
  stopped = true;
  await drain(state);
  for (const { socket } of connections) socket.destroy();
  return state.result(seconds);
}

/**
 * Sends at a fixed rate whatever the answers do; the latency of a message counts from the moment at which it was due, not from
 * the moment at which the generator came to it.
 * @param {SendOptions & { rate: number }} options
 * @returns {Promise<SendResult>}
 */
export async function sendOpenLoop(options) {
  const state = new SendState(options);
  const connections = await Promise.all(
    Array.from({ length: options.connections }, () => WireConnection.open(options.broker, (opaque, code, chunk, headerStart, bodyStart) => state.onResponse(opaque, code, chunk, headerStart, bodyStart))),
  );
  const stop = paced(options.rate, (index, dueAt) => {
    if (state.inFlight + 1 < SLOTS) connections[index % connections.length]?.socket.write(state.frames(1, dueAt));
  });
  const seconds = await measure(state, options);
  stop();
  await drain(state);
  for (const { socket } of connections) socket.destroy();
  return state.result(seconds);
}

/** Waits for the answers that are still under way. @param {SendState} state */
async function drain(state) {
  const end = performance.now() + 10_000;
  while (state.inFlight > 0 && performance.now() < end) await sleep(5);
  state.failed += state.inFlight;
}

// The npm package ali-ons, an old remoting client, against a name server: node client.mjs HOST:PORT RUN, with topics
// ons-RUN, ons-tags-RUN and ons-big-RUN there. One line per scenario, totals last.
// @ts-expect-error the package has no types
import ons from 'ali-ons';

const { Producer, Consumer, Message } = ons;
const [nameSrv = '127.0.0.1:9876', run = ''] = process.argv.slice(2);
// Asked for even when the name server is given by its address and nothing is looked up over HTTP.
const httpclient = { request: () => Promise.reject(new Error('no HTTP lookup expected')) };
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** @param {string} group */
function newProducer(group) {
  return new Producer({ nameSrv, producerGroup: group, logger: silent, httpclient });
}

/**
 * @param {string} group @param {string} topic @param {string} tags @param {(message: { body: Buffer, tags: string, properties: Record<string, string> }) => void} receive
 */
async function startConsumer(group, topic, tags, receive) {
  const consumer = new Consumer({ nameSrv, consumerGroup: group, logger: silent, consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET', httpclient });
  // It reports a retry topic that does not exist yet as an error and goes on, against any broker.
  consumer.on('error', (/** @type {Error} */ error) => process.stderr.write(`${error.message}\n`));
  consumer.subscribe(topic, tags, async (/** @type {any} */ message) => receive(message));
  await consumer.ready();
  return consumer;
}

/** @param {() => boolean} condition @param {() => string} state */
async function eventually(condition, state) {
  const end = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within 60 s: ${state()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** @param {any} producer @param {string} topic @param {string} prefix @param {number} count @param {(i: number) => string} [tag] */
async function send(producer, topic, prefix, count, tag = () => 'a') {
  for (let i = 0; i < count; i += 1) {
    const message = new Message(topic, tag(i), `${prefix}${i}`);
    message.keys = [`key${i}`];
    const result = await producer.send(message);
    if (result.sendStatus !== 'SEND_OK') throw new Error(`send status ${result.sendStatus}`);
  }
}

/** @param {string} prefix @param {number} count */
function bodies(prefix, count) {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

/** @param {Set<string>} received @param {string[]} expected */
async function awaitExactly(received, expected) {
  await eventually(
    () => expected.every((body) => received.has(body)),
    () => `${received.size} of ${expected.length} received`,
  );
  if (received.size !== expected.length) throw new Error(`received ${received.size} messages instead of ${expected.length}`);
}

/** Sends, consumes, restarts the consumer, consumes the rest. */
async function sendAndConsume() {
  const topic = `ons-${run}`;
  const group = `GID-ons-${run}`;
  const producer = newProducer(`PG-ons-${run}`);
  await producer.ready();
  await send(producer, topic, 'm', 50);
  /** @type {Set<string>} */
  const received = new Set();
  const consumer = await startConsumer(group, topic, '*', (message) => received.add(message.body.toString()));
  await awaitExactly(received, bodies('m', 50));
  await send(producer, topic, 'n', 50);
  await awaitExactly(received, [...bodies('m', 50), ...bodies('n', 50)]);
  await consumer.close();
  await send(producer, topic, 'o', 20);
  /** @type {Set<string>} */
  const afterRestart = new Set();
  const again = await startConsumer(group, topic, '*', (message) => afterRestart.add(message.body.toString()));
  await awaitExactly(afterRestart, bodies('o', 20));
  await again.close();
  await producer.close();
}

async function tagFilter() {
  const topic = `ons-tags-${run}`;
  const producer = newProducer(`PG-ons-tags-${run}`);
  await producer.ready();
  await send(producer, topic, 't', 40, (i) => (i % 2 === 0 ? 'even' : 'odd'));
  /** @type {Set<string>} */
  const received = new Set();
  const consumer = await startConsumer(`GID-ons-tags-${run}`, topic, 'even', (message) => received.add(message.body.toString()));
  await awaitExactly(
    received,
    bodies('t', 40).filter((_, i) => i % 2 === 0),
  );
  await consumer.close();
  await producer.close();
}

async function compressedBody() {
  const topic = `ons-big-${run}`;
  const producer = newProducer(`PG-ons-big-${run}`);
  await producer.ready();
  const body = 'kite '.repeat(4000);
  await producer.send(new Message(topic, 'a', body));
  /** @type {Set<string>} */
  const received = new Set();
  const consumer = await startConsumer(`GID-ons-big-${run}`, topic, '*', (message) => received.add(message.body.toString()));
  await awaitExactly(received, [body]);
  await consumer.close();
  await producer.close();
}

let passed = 0;
let failed = 0;
for (const [name, scenario] of /** @type {const} */ ([
  ['ali-ons: send, consume, go on after a restart', sendAndConsume],
  ['ali-ons: tag filter', tagFilter],
  ['ali-ons: compressed body', compressedBody],
])) {
  const startedAt = Date.now();
  try {
    await scenario();
    passed += 1;
    process.stdout.write(`pass  ${name} (${Date.now() - startedAt} ms)\n`);
  } catch (error) {
    failed += 1;
    process.stdout.write(`FAIL  ${name} (${Date.now() - startedAt} ms)\n${error instanceof Error ? error.stack : String(error)}\n`);
  }
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);

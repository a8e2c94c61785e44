// The wire-level load generator alone, against any broker: `node wire.mjs --help`. Prints one line of JSON.
import { parseArgs } from 'node:util';

import { pullBacklog, pullTail, sendClosedLoop, sendOpenLoop } from './src/wire/index.mjs';

const HELP = `node tools/bench/wire.mjs --mode closed|open|backlog|tail --broker HOST:PORT --topic T [options]

  --queues N        queues of the topic (8)        --kind json|binary   header form (json)
  --topics N        closed, open: so many topics, T_0, T_1, … (1: just T)
  --body N          body bytes (1024)              --connections N      (4)
  --in-flight N     closed: per connection (64)    --rate N             open, tail: messages per second (5000)
  --seconds N       measured (10)                  --warm N             before that (2)
  --batch N         pull: messages at once (32)    --pid N              also the CPU time of this process
  --start-offsets A,B,…                            tail: where each queue begins
`;

const { values } = parseArgs({
  options: {
    mode: { type: 'string', default: 'closed' },
    broker: { type: 'string', default: '127.0.0.1:10911' },
    topic: { type: 'string', default: 'bench' },
    queues: { type: 'string', default: '8' },
    topics: { type: 'string', default: '1' },
    kind: { type: 'string', default: 'json' },
    body: { type: 'string', default: '1024' },
    connections: { type: 'string', default: '4' },
    'in-flight': { type: 'string', default: '64' },
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '10' },
    warm: { type: 'string', default: '2' },
    batch: { type: 'string', default: '32' },
    pid: { type: 'string' },
    'start-offsets': { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

async function main() {
  if (values.help) return HELP;
  const { procStats } = await import('@kitemq/tool-targets');
  /** @type {Record<string, import('@kitemq/tool-targets').ProcStats>} */
  const marks = {};
  const pid = values.pid === undefined ? undefined : Number(values.pid);
  const common = {
    broker: values.broker,
    topic: values.topic,
    queues: Number(values.queues),
    topics: Number(values.topics),
    kind: /** @type {'json' | 'binary'} */ (values.kind),
    bodySize: Number(values.body),
    connections: Number(values.connections),
    seconds: Number(values.seconds),
    warmSeconds: Number(values.warm),
    batch: Number(values.batch),
    rate: Number(values.rate),
    startOffsets: values['start-offsets'] === '' ? [] : values['start-offsets'].split(',').map(Number),
    onMeasure: (/** @type {'start' | 'end'} */ at) => {
      if (pid !== undefined) marks[at] = procStats(pid);
    },
  };
  const ownBefore = process.cpuUsage();
  const result = await run(common);
  const own = process.cpuUsage(ownBefore);
  return JSON.stringify({ ...result, generatorCpuUs: own.user + own.system, broker: marks });
}

/** @param {any} common */
function run(common) {
  if (values.mode === 'closed') return sendClosedLoop({ ...common, inFlight: Number(values['in-flight']) });
  if (values.mode === 'open') return sendOpenLoop(common);
  if (values.mode === 'backlog') return pullBacklog(common);
  if (values.mode === 'tail') return pullTail(common);
  throw new Error(`--mode is closed, open, backlog or tail, not ${values.mode}`);
}

process.stdout.write(`${await main()}\n`);

// Throws bytes at every decoder: `node test/fuzz.mjs --inputs 10000000 --seed 1` (after a build).
// Inputs are the reviewed seeds of test/corpus, mutated, and mutated frames of our own encoders. What must hold for each: the decoder returns or
// throws a KiteError, reads nothing outside its range, and what it returns can be read by every header table and encoded again.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as protocol from '../dist/index.js';

const { values: options } = parseArgs({ options: { inputs: { type: 'string', default: '200000' }, seed: { type: 'string', default: '1' } } });
const inputs = Number(options.inputs);
let state = Number(options.seed) >>> 0;

/** mulberry32: one number names a whole run. */
function random(bound) {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
}

const corpusPath = fileURLToPath(new URL('corpus/', import.meta.url));
const seeds = { frame: [], record: [], batch: [], body: [], properties: [] };
for (const file of readdirSync(corpusPath).filter((name) => name.endsWith('.hex'))) {
  const kind = file.slice(0, file.indexOf('-'));
  for (const line of readFileSync(corpusPath + file, 'utf8').split('\n')) {
    const hex = line.replace(/#.*/, '').replaceAll(/\s/g, '');
    if (hex !== '') seeds[kind].push(Buffer.from(hex, 'hex'));
  }
}

const commands = protocol.allCommands();
const schemas = [...new Set(commands.flatMap((command) => [command.request, command.response]))];
const bodies = [...new Set(commands.flatMap((command) => [command.requestBody, command.responseBody]))];
const target = Buffer.alloc(262_144);

/** A frame of our own with random values: the mutations then start from every header table. */
function ownFrame() {
  const schema = schemas[random(schemas.length)];
  const values = {};
  for (const [name, field] of Object.entries(schema.fields)) {
    if (!field.required && random(2) === 0) continue;
    values[name] = field.kind === 'string' ? 'Tag\u0001v\u0002é'.slice(random(4)).repeat(1 + random(3)) : field.kind === 'boolean' ? random(2) === 0 : random(3) - 1;
  }
  const frame = { serializeType: random(3), code: random(400), language: random(14), version: 513, opaque: random(1 << 30), flag: random(3), remark: random(2) === 0 ? undefined : 'no', schema, values, ext: random(2) === 0 ? undefined : { nsd: 'true' }, bodyLength: 2 };
  const end = protocol.encodeFrameHead(target, 0, frame);
  target.write('{}', end);
  return Buffer.from(target.subarray(0, end + 2));
}

const interesting = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x5c, 0x7b, 0x7d, 0x01, 0x02, 0xdd];

function mutate(seed) {
  let bytes = Buffer.from(seed);
  for (let change = 1 + random(3); change > 0 && bytes.length > 0; change--) {
    const at = random(bytes.length);
    switch (random(6)) {
      case 0:
        bytes[at] ^= 1 << random(8);
        break;
      case 1:
        bytes[at] = interesting[random(interesting.length)];
        break;
      case 2:
        bytes = bytes.subarray(0, at);
        break;
      case 3:
        if (at + 4 <= bytes.length) bytes.writeInt32BE([0, -1, 0x7fffffff, bytes.length, -2_147_483_648, 16_777_216][random(6)], at);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(at + 1), at), bytes.subarray(at)]);
        break;
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + random(8)))]);
    }
  }
  return bytes;
}

/** Half of the time the frame's lengths are put right, so that the header behind them is reached. */
function mendFrame(bytes) {
  if (bytes.length < 8 || random(2) === 0) return bytes;
  bytes.writeInt32BE(bytes.length - 4, 0);
  if (random(4) !== 0) bytes.writeInt32BE((bytes[4] << 24) | random(bytes.length - 7), 4);
  return bytes;
}

/** The bytes between guards: whoever reads over the edge sees something that changes the result. */
const arena = Buffer.alloc(1_048_576);
function guarded(bytes, guard) {
  arena.fill(guard, 0, bytes.length + 64);
  bytes.copy(arena, 32);
  return { bytes: arena, start: 32, end: 32 + bytes.length };
}

function outcome(work) {
  try {
    return work();
  } catch (error) {
    if (error?.name !== 'KiteError') throw error;
    return error.code + JSON.stringify(error.details);
  }
}

function readFrame({ bytes, start, end }, schema) {
  return outcome(() => {
    const frame = protocol.decodeFrame(bytes, start, end);
    const text = JSON.stringify([frame.code, frame.language, frame.version, frame.opaque, frame.flag, frame.remark, frame.ext.toObject(), frame.ext.get('topic'), frame.body?.length]);
    return text + outcome(() => JSON.stringify(frame.ext.read(schema)));
  });
}

function splitStream(bytes) {
  const splitter = new protocol.FrameSplitter({ frameBytesMax: 65_536 });
  outcome(() => {
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + random(40);
      splitter.push(bytes.subarray(at, at + size));
      at += size;
      while (splitter.next()) outcome(() => protocol.decodeFrame(splitter.buffer, splitter.start, splitter.end));
    }
    return '';
  });
}

const targets = {
  frame(bytes) {
    const mended = mendFrame(bytes);
    const schema = schemas[random(schemas.length)];
    const first = readFrame(guarded(mended, 0x00), schema);
    if (random(8) === 0 && first !== readFrame(guarded(mended, 0x22), schema)) throw new Error('the result depends on bytes outside the frame');
    if (random(16) === 0) splitStream(Buffer.concat([mended, mended]));
  },
  record(bytes) {
    const read = ({ bytes: all, start, end }) =>
      outcome(() => {
        const size = protocol.checkRecord(all, start, end);
        const shape = protocol.checkRecord(all, start, end, false);
        if (shape > end - start || size > end - start) throw new Error('a record reaches beyond the end');
        return `${size} ${shape} ${JSON.stringify(protocol.decodeMessages(all.subarray(start, end), { decompressedBytesMax: 10_000 }))}`;
      });
    if (read(guarded(bytes, 0x00)) !== read(guarded(bytes, 0xff))) throw new Error('the result depends on bytes outside the record');
  },
  batch: (bytes) => outcome(() => protocol.decodeBatch(bytes).length),
  body(bytes) {
    const codec = bodies[random(bodies.length)];
    outcome(() => codec.encode(codec.decode(bytes)));
  },
  properties(bytes) {
    const text = bytes.toString('utf8');
    const properties = protocol.decodeProperties(text);
    if (Object.getPrototypeOf(properties) !== null) throw new Error('properties have a prototype');
    for (const name of Object.keys(properties).slice(0, 3)) {
      const found = new protocol.PropertyKey(name).find(Buffer.from(text));
      if (found !== properties[name]) throw new Error(`lookup of ${JSON.stringify(name)} found ${JSON.stringify(found)}`);
    }
    protocol.tagsCodeOf(bytes);
    protocol.readProperties(text);
  },
};

// Most inputs end in an error: without its stack it costs a tenth.
Error.stackTraceLimit = 0;

const kinds = ['frame', 'frame', 'frame', 'frame', 'frame', 'record', 'record', 'batch', 'body', 'properties'];
const started = process.hrtime.bigint();
let current;
try {
  for (let input = 0; input < inputs; input++) {
    const kind = kinds[random(kinds.length)];
    const seed = kind === 'frame' && random(2) === 0 ? ownFrame() : seeds[kind][random(seeds[kind].length)];
    current = { kind, bytes: mutate(seed) };
    targets[kind](current.bytes);
    // zlib frees what a broken body held only when the event loop turns.
    if (input % 1_000 === 999) await new Promise((resolve) => void setImmediate(resolve));
    if (input % 1_000_000 === 999_999) console.log(`${input + 1} inputs, ${Math.round(process.memoryUsage.rss() / 1_048_576)} MiB`);
  }
} catch (error) {
  console.error(`${current.kind} ${current.bytes.toString('hex')}`);
  console.error(error);
  console.error('Run again with the same seed and Error.stackTraceLimit = 20 to see where.');
  console.log(`0 passed, 1 failed (seed ${options.seed})`);
  process.exit(1);
}
const seconds = Number(process.hrtime.bigint() - started) / 1e9;
console.log(`seed ${options.seed}: ${Math.round(inputs / seconds)} inputs/s, ${Math.round(process.memoryUsage.rss() / 1_048_576)} MiB`);
console.log(`${inputs} passed, 0 failed`);

// A broker that does nothing: it answers each request of the generators with bytes made beforehand. `node src/idle-broker.mjs send|pull`; prints its port.
import net from 'node:net';

import { binaryField } from './wire/frames.mjs';

/** A record with a body of 1 KiB, as KiteMQ stores those of the generator. */
const RECORD_BYTES = 1_246;
const RECORDS = 32;
const OPAQUE_KEY = Buffer.from('"opaque":');
/** The generator's opaques all have ten digits. */
const OPAQUE_DIGITS = 10;
const OUTPUT_BYTES = 1 << 16;

/** Found: 32 records, and the place where the next pull goes on. */
function pullAnswer() {
  const ext = binaryField('nextBeginOffset', `${RECORDS}`);
  const fixed = Buffer.alloc(21);
  fixed.writeInt16BE(513, 3);
  fixed.writeInt32BE(1, 9); // a response
  fixed.writeInt32BE(ext.length, 17);
  const body = Buffer.alloc(RECORD_BYTES * RECORDS, 'kite');
  for (let record = 0; record < RECORDS; record += 1) body.writeInt32BE(RECORD_BYTES, record * RECORD_BYTES);
  const prefix = Buffer.alloc(8);
  prefix.writeInt32BE(4 + fixed.length + ext.length + body.length, 0);
  prefix.writeInt32BE((1 << 24) | (fixed.length + ext.length), 4);
  return Buffer.concat([prefix, fixed, ext, body]);
}

/** Success, with the fields of a send's answer; the opaque is to be written at `opaqueAt`. */
function sendAnswer() {
  const head = '{"code":0,"flag":1,"language":"JAVA","opaque":';
  const tail = ',"serializeTypeCurrentRPC":"JSON","version":513,"extFields":{"queueId":"0","msgId":"7F00000100002A9F0000000000000000","queueOffset":"0"}}';
  const header = Buffer.from(head + '0'.repeat(OPAQUE_DIGITS) + tail);
  const prefix = Buffer.alloc(8);
  prefix.writeInt32BE(4 + header.length, 0);
  prefix.writeInt32BE(header.length, 4);
  return { bytes: Buffer.concat([prefix, header]), opaqueAt: prefix.length + head.length };
}

/** @param {(socket: net.Socket) => { frame(data: Buffer, start: number): void, turnEnd(): void }} connect what to do with the requests of a connection */
function serve(connect) {
  const server = net.createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    const handler = connect(socket);
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      while (data.length - at >= 4) {
        const end = at + 4 + data.readInt32BE(at);
        if (end > data.length) break;
        handler.frame(data, at);
        at = end;
      }
      rest = Buffer.from(data.subarray(at));
      handler.turnEnd();
    });
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${/** @type {net.AddressInfo} */ (server.address()).port}\n`));
}

if (process.argv[2] === 'pull') {
  const bytes = pullAnswer();
  // The generator does not look at the opaque of a pull: no copy, no change.
  serve((socket) => ({ frame: () => void socket.write(bytes), turnEnd: () => {} }));
} else {
  const { bytes, opaqueAt } = sendAnswer();
  serve((socket) => {
    let output = Buffer.alloc(0);
    let filled = 0;
    const turnEnd = () => {
      if (filled > 0) socket.write(output.subarray(0, filled));
      output = Buffer.alloc(0);
      filled = 0;
    };
    return {
      turnEnd,
      frame(data, start) {
        if (filled + bytes.length > output.length) {
          turnEnd();
          output = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
        }
        bytes.copy(output, filled);
        const digits = data.indexOf(OPAQUE_KEY, start) + OPAQUE_KEY.length;
        data.copy(output, filled + opaqueAt, digits, digits + OPAQUE_DIGITS);
        filled += bytes.length;
      },
    };
  });
}

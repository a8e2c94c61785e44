import net from 'node:net';

const OPAQUE_KEY = Buffer.from('"opaque":');
const CODE_KEY = Buffer.from('{"code":');
const NEXT_OFFSET_KEY = Buffer.from('nextBeginOffset');

/**
 * @callback OnResponse
 * @param {number} opaque
 * @param {number} code
 * @param {Buffer} chunk valid during the call
 * @param {number} headerStart
 * @param {number} bodyStart
 * @param {number} end
 * @returns {void}
 */

/** Room for what is read, and what of it must be free for a read: a whole answer fits several times. */
const READ_BYTES = 1 << 20;
const READ_BYTES_MIN = 1 << 18;

/** A socket that splits responses and reads of each only code and opaque, in place. It reads into memory of its own: no allocation and no copy per read. */
export class WireConnection {
  #bytes = Buffer.allocUnsafeSlow(READ_BYTES);
  /** Where the first incomplete frame begins, and where the next read goes. */
  #start = 0;
  #end = 0;

  /** @param {OnResponse} onResponse @param {() => void} onTurnEnd called after the responses of one read */
  constructor(onResponse, onTurnEnd) {
    this.onResponse = onResponse;
    this.onTurnEnd = onTurnEnd;
    /** @type {net.Socket} */
    this.socket = new net.Socket();
  }

  /** @param {string} address @param {OnResponse} onResponse @param {() => void} [onTurnEnd] @returns {Promise<WireConnection>} */
  static open(address, onResponse, onTurnEnd = () => {}) {
    const at = address.lastIndexOf(':');
    const connection = new WireConnection(onResponse, onTurnEnd);
    return new Promise((resolve, reject) => {
      const socket = net.connect({
        host: address.slice(0, at),
        port: Number(address.slice(at + 1)),
        onread: {
          buffer: () => connection.#room(),
          callback: (read) => {
            connection.#onData(read);
            return true;
          },
        },
      });
      connection.socket = socket;
      socket.setNoDelay(true);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(connection);
      });
    });
  }

  /** Where the next read goes. */
  #room() {
    if (this.#bytes.length - this.#end < READ_BYTES_MIN) {
      const rest = this.#end - this.#start;
      // Only a frame larger than any that a broker sends by default.
      const target = this.#bytes.length - rest < READ_BYTES_MIN ? Buffer.allocUnsafeSlow(2 * this.#bytes.length) : this.#bytes;
      this.#bytes.copy(target, 0, this.#start, this.#end);
      this.#bytes = target;
      this.#start = 0;
      this.#end = rest;
    }
    return this.#bytes.subarray(this.#end);
  }

  /** @param {number} read bytes */
  #onData(read) {
    const data = this.#bytes;
    this.#end += read;
    let at = this.#start;
    while (this.#end - at >= 4) {
      const end = at + 4 + data.readInt32BE(at);
      if (end > this.#end) break;
      this.#onFrame(data, at + 4, end);
      at = end;
    }
    this.#start = at;
    if (at === this.#end) this.#start = this.#end = 0;
    this.onTurnEnd();
  }

  /** @param {Buffer} data @param {number} at @param {number} end */
  #onFrame(data, at, end) {
    const headerStart = at + 4;
    const bodyStart = headerStart + (data.readInt32BE(at) & 0xffffff);
    if (data[at] === 1) {
      if ((data.readInt32BE(headerStart + 9) & 1) === 0) return; // a request of the server's
      this.onResponse(data.readInt32BE(headerStart + 5), data.readInt16BE(headerStart), data, headerStart, bodyStart, end);
      return;
    }
    const opaqueAt = data.indexOf(OPAQUE_KEY, headerStart);
    if (opaqueAt < 0 || opaqueAt >= bodyStart || data.compare(CODE_KEY, 0, CODE_KEY.length, headerStart, headerStart + CODE_KEY.length) !== 0) {
      const header = JSON.parse(data.toString('utf8', headerStart, bodyStart));
      if ((header.flag & 1) === 1) this.onResponse(header.opaque, header.code, data, headerStart, bodyStart, end);
      return;
    }
    this.onResponse(readDecimal(data, opaqueAt + OPAQUE_KEY.length), readDecimal(data, headerStart + CODE_KEY.length), data, headerStart, bodyStart, end);
  }
}

/** @param {Buffer} data @param {number} at @returns {number} the digits from there on, 0 without any */
function readDecimal(data, at) {
  let value = 0;
  for (let i = at; i < data.length; i += 1) {
    const digit = (data[i] ?? 0) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * The next offset of a pull response, from either header form.
 * @param {Buffer} chunk @param {number} headerStart @param {number} bodyStart @returns {number} -1 when there is none
 */
export function nextBeginOffset(chunk, headerStart, bodyStart) {
  const key = chunk.indexOf(NEXT_OFFSET_KEY, headerStart);
  if (key < 0 || key >= bodyStart) return -1;
  let at = key + NEXT_OFFSET_KEY.length;
  // JSON has `":"` in between; the binary form has a length of four bytes, of which none is a digit for values this short.
  while (at < bodyStart && ((chunk[at] ?? 0) < 48 || (chunk[at] ?? 0) > 57)) at += 1;
  return readDecimal(chunk, at);
}

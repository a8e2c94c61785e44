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

/** A socket that splits responses and reads of each only code and opaque, in place. */
export class WireConnection {
  /** @type {Buffer} */
  #rest = Buffer.alloc(0);

  /** @param {net.Socket} socket @param {OnResponse} onResponse @param {() => void} onTurnEnd called after the responses of one read */
  constructor(socket, onResponse, onTurnEnd) {
    /** @readonly */
    this.socket = socket;
    this.onResponse = onResponse;
    this.onTurnEnd = onTurnEnd;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#onData(chunk));
  }

  /** @param {string} address @param {OnResponse} onResponse @param {() => void} [onTurnEnd] @returns {Promise<WireConnection>} */
  static open(address, onResponse, onTurnEnd = () => {}) {
    const at = address.lastIndexOf(':');
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new WireConnection(socket, onResponse, onTurnEnd));
      });
    });
  }

  /** @param {Buffer} chunk */
  #onData(chunk) {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (data.length - at >= 4) {
      const end = at + 4 + data.readInt32BE(at);
      if (end > data.length) break;
      this.#onFrame(data, at + 4, end);
      at = end;
    }
    this.#rest = at === data.length ? Buffer.alloc(0) : data.subarray(at);
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

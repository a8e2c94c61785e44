import net from 'node:net';

const REQUEST_UPDATE_AND_CREATE_TOPIC = 17;
const REQUEST_GET_ROUTE = 105;

/**
 * @typedef {object} WireResponse
 * @property {number} code 0 is success
 * @property {string} [remark]
 * @property {Record<string, string>} extFields
 * @property {Buffer} body
 */

/**
 * The smallest remoting client there is: JSON headers, one connection, answers matched by opaque. It shares no code with
 * the project's packages, so that a mistake in those is not repeated in what checks them.
 */
export class Wire {
  /** @type {net.Socket} */
  #socket;
  #opaque = 0;
  /** @type {Map<number, { resolve: (response: WireResponse) => void, reject: (error: Error) => void, timer: NodeJS.Timeout }>} */
  #waiting = new Map();
  /** @type {Buffer} */
  #received = Buffer.alloc(0);

  /** @param {net.Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.#failAll(new Error('connection closed')));
  }

  /** @param {string} address `host:port` @returns {Promise<Wire>} */
  static connect(address) {
    const at = address.lastIndexOf(':');
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) });
      socket.once('connect', () => resolve(new Wire(socket)));
      socket.once('error', reject);
    });
  }

  /**
   * @param {number} code
   * @param {Record<string, string | number | boolean>} extFields
   * @param {{ body?: Buffer, timeoutMs?: number }} [options]
   * @returns {Promise<WireResponse>}
   */
  request(code, extFields, { body, timeoutMs = 10_000 } = {}) {
    this.#opaque += 1;
    const opaque = this.#opaque;
    const ext = Object.fromEntries(Object.entries(extFields).map(([key, value]) => [key, String(value)]));
    const header = Buffer.from(JSON.stringify({ code, extFields: ext, flag: 0, language: 'JAVA', opaque, serializeTypeCurrentRPC: 'JSON', version: 513 }));
    const prefix = Buffer.alloc(8);
    prefix.writeInt32BE(4 + header.length + (body?.length ?? 0), 0);
    prefix.writeInt32BE(header.length, 4);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(opaque);
        reject(new Error(`no answer to request ${code} in ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.set(opaque, { resolve, reject, timer });
      if (this.#socket.destroyed) this.#failAll(new Error('connection closed'));
      else this.#socket.write(body === undefined ? Buffer.concat([prefix, header]) : Buffer.concat([prefix, header, body]));
    });
  }

  close() {
    this.#socket.destroy();
  }

  /** @param {Buffer} chunk */
  #onData(chunk) {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) return;
      this.#onFrame(this.#received.subarray(4, end));
      this.#received = this.#received.subarray(end);
    }
  }

  /** @param {Buffer} frame */
  #onFrame(frame) {
    const headerEnd = 4 + (frame.readInt32BE(0) & 0xffffff);
    const header = JSON.parse(frame.toString('utf8', 4, headerEnd));
    if ((header.flag & 1) === 0) return; // a request of the server's
    const waiting = this.#waiting.get(header.opaque);
    if (waiting === undefined) return;
    this.#waiting.delete(header.opaque);
    clearTimeout(waiting.timer);
    waiting.resolve({ code: header.code, remark: header.remark, extFields: header.extFields ?? {}, body: Buffer.from(frame.subarray(headerEnd)) });
  }

  /** @param {Error} error */
  #failAll(error) {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting.clear();
  }
}

/**
 * Creates a topic on a broker and waits until the name server gives its route.
 * @param {{ brokerAddr: string, namesrvAddr: string }} cluster
 * @param {string} topic
 * @param {number} queues
 */
export async function createTopic({ brokerAddr, namesrvAddr }, topic, queues) {
  const broker = await Wire.connect(brokerAddr);
  const fields = { topic, defaultTopic: 'TBW102', readQueueNums: queues, writeQueueNums: queues, perm: 6, topicFilterType: 'SINGLE_TAG', topicSysFlag: 0, order: false };
  const created = await broker.request(REQUEST_UPDATE_AND_CREATE_TOPIC, fields);
  broker.close();
  if (created.code !== 0) throw new Error(`creating ${topic} was answered with ${created.code} ${created.remark}`);
  const nameserver = await Wire.connect(namesrvAddr);
  try {
    const end = Date.now() + 30_000;
    while ((await nameserver.request(REQUEST_GET_ROUTE, { topic })).code !== 0) {
      if (Date.now() > end) throw new Error(`no route of ${topic} within 30 s`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    nameserver.close();
  }
}

import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import type { BodyCodec, Command } from '@kitemq/protocol';
import { defineHeader, encodeFrameHead, frameHeadSizeMax, FrameSplitter, decodeFrame, optional, required } from '@kitemq/protocol';
import type { Frame, OutgoingFrame } from '@kitemq/protocol';
import { nodeRuntime } from '@kitemq/runtime';
import type { Runtime } from '@kitemq/runtime';
import { RemotingClient, RemotingServer } from '../src/index.ts';
import type { Processor, RemotingClientOptions, RemotingServerOptions, Request } from '../src/index.ts';

export const bytesBody: BodyCodec<Uint8Array | undefined> = { name: 'bytes', encode: (value) => value, decode: (bytes) => bytes };

const echoRequest = defineHeader('EchoRequestHeader', { text: optional.string(), number: optional.int() });
const echoResponse = defineHeader('EchoResponseHeader', { text: optional.string(), number: optional.int() });

/** A command of our own for the tests: answers what it was asked. */
export const echo = {
  name: 'ECHO',
  code: 9_001,
  direction: 'C→B',
  request: echoRequest,
  requestBody: bytesBody,
  response: echoResponse,
  responseBody: bytesBody,
  summary: 'Says the same.',
} satisfies Command<typeof echoRequest, typeof echoResponse, Uint8Array | undefined, Uint8Array | undefined>;

const strictResponse = defineHeader('StrictResponseHeader', { needed: required.string() }, { strict: true });
/** An answer whose header is easily wrong. */
export const strict = { ...echo, name: 'STRICT', code: 9_002, response: strictResponse };

export const answerEcho: Processor = (request: Request): void => {
  const { text, number } = request.header(echo.request);
  request.reply(echo, 0, { text, number }, { body: request.body });
};

export const silent: Processor = (): void => {};

export type ServerOptions = Partial<Omit<RemotingServerOptions, 'runtime'>> & { runtime?: Runtime };

export const startServer = async (options: ServerOptions = {}): Promise<RemotingServer> => {
  const server = new RemotingServer({ runtime: nodeRuntime(), host: '127.0.0.1', port: 0, processors: new Map([[echo.code, answerEcho]]), ...options });
  await server.start();
  return server;
};

export const makeClient = (options: Partial<RemotingClientOptions> = {}): RemotingClient => new RemotingClient({ runtime: nodeRuntime(), ...options });

export const frameBytes = (parts: Partial<OutgoingFrame> & { body?: Uint8Array } = {}): Buffer => {
  const { body, ...rest } = parts;
  const frame: OutgoingFrame = {
    serializeType: 0, code: echo.code, language: 0, version: 513, opaque: 1, flag: 0,
    remark: undefined, schema: undefined, values: undefined, ext: undefined, bodyLength: body?.length ?? 0, ...rest,
  };
  const target = Buffer.alloc(frameHeadSizeMax(frame) + frame.bodyLength);
  let end = encodeFrameHead(target, 0, frame);
  if (body !== undefined) {
    target.set(body, end);
    end += body.length;
  }
  return target.subarray(0, end);
};

/** A plain TCP peer that sends what it is told to and collects the frames that come. */
export class RawPeer {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  readonly received: Buffer[] = [];
  closed = false;
  /** What came is no frame (a TLS alert); `received` has it. */
  broken = false;
  private readonly splitter = new FrameSplitter();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.received.push(chunk);
      if (!this.broken) this.takeFrames(chunk);
    });
    socket.on('close', () => (this.closed = true));
    socket.on('error', () => {});
  }

  private takeFrames(chunk: Buffer): void {
    try {
      this.splitter.push(chunk);
      while (this.splitter.next()) this.frames.push(decodeFrame(this.splitter.buffer, this.splitter.start, this.splitter.end));
    } catch {
      this.broken = true;
    }
  }

  static connect(port: number): Promise<RawPeer> {
    return new Promise((resolve, reject) => {
      const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true });
      socket.once('connect', () => resolve(new RawPeer(socket)));
      socket.once('error', reject);
    });
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** Polls until `condition` holds. */
export const until = async (condition: () => boolean, what = 'the condition', timeoutMs = 10_000): Promise<void> => {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`${what} did not come true within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};

import type { AnyCommand, FieldReader, Frame, HeaderOf, HeaderSchema, ResponseHeaderOf, SerializeType } from '@kitemq/protocol';
import { FrameFlag } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';
import type { Connection } from './connection.ts';
import type { ReplyOptions, Request } from './request.ts';

const noOptions: ReplyOptions = {};

const detached = (): KiteError => new KiteError('KITE_REQUEST_DETACHED', 'The header of this request was let go by detach(): read what you need before.');

/** See {@link Request}. The only object that a request costs besides its decoded frame. */
export class IncomingRequest implements Request {
  readonly channel: Connection;
  readonly code: number;
  readonly opaque: number;
  readonly flag: number;
  readonly version: number;
  readonly language: number;
  readonly serializeType: SerializeType;
  readonly receivedAt: number;
  body: Uint8Array | undefined;
  answered = false;
  private frame: Frame | undefined;

  constructor(channel: Connection, frame: Frame, receivedAt: number) {
    this.channel = channel;
    this.code = frame.code;
    this.opaque = frame.opaque;
    this.flag = frame.flag;
    this.version = frame.version;
    this.language = frame.language;
    this.serializeType = frame.serializeType;
    this.receivedAt = receivedAt;
    this.body = frame.body;
    this.frame = frame;
  }

  get oneway(): boolean {
    return (this.flag & FrameFlag.oneway) !== 0;
  }

  get remark(): string | undefined {
    return this.frame?.remark;
  }

  ext(key: string): string | undefined {
    if (this.frame === undefined) throw detached();
    return this.frame.ext.get(key);
  }

  extObject(): Record<string, string> {
    if (this.frame === undefined) throw detached();
    return this.frame.ext.toObject();
  }

  header<S extends HeaderSchema>(schema: S): HeaderOf<S> {
    if (this.frame === undefined) throw detached();
    return this.frame.ext.read(schema);
  }

  fields(schema: HeaderSchema): FieldReader {
    if (this.frame === undefined) throw detached();
    return this.frame.ext.select(schema);
  }

  get isDetached(): boolean {
    return this.frame === undefined;
  }

  /** Goes on with a copy of its frame. */
  keep(copy: Frame): void {
    this.frame = copy;
    this.body = copy.body;
  }

  detach(): void {
    this.frame = undefined;
    this.body = undefined;
  }

  reply<C extends AnyCommand>(command: C, code: number, header: ResponseHeaderOf<C> | undefined, options: ReplyOptions = noOptions): void {
    if (!this.claim()) return;
    this.channel.respond(this, code, header === undefined ? undefined : command.response, header as Record<string, unknown> | undefined, options);
  }

  fail(code: number, remark: string): void {
    if (!this.claim()) return;
    this.channel.respond(this, code, undefined, undefined, { remark });
  }

  /** True for the first answer only. */
  private claim(): boolean {
    if (this.answered) {
      this.channel.reportDoubleAnswer(this);
      return false;
    }
    this.answered = true;
    return true;
  }
}

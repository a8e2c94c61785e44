import type { AnyCommand, ExtWriter, FieldReader, HeaderOf, HeaderSchema, ResponseHeaderOf, SerializeType } from '@kitemq/protocol';
import type { Channel } from './channel.ts';

/**
 * A received request: the one object a message costs on its way through a server. The processor answers it, now or later,
 * exactly once, by one of the `reply` methods; for one-way requests they do nothing.
 */
export interface Request {
  readonly channel: Channel;
  readonly code: number;
  readonly opaque: number;
  readonly flag: number;
  readonly version: number;
  readonly language: number;
  readonly serializeType: SerializeType;
  readonly remark: string | undefined;
  readonly oneway: boolean;
  /** Bytes of the body: a view that is valid until the processor returns. Undefined when the frame had none. */
  readonly body: Uint8Array | undefined;
  /** Monotonic ms at which the frame was complete. */
  readonly receivedAt: number;
  /** A text field, declared or not. Valid until `detach`. */
  ext(key: string): string | undefined;
  extObject(): Record<string, string>;
  /** The declared header. @throws KiteError `KITE_HEADER_INVALID` (the server answers it with code 1). */
  header<S extends HeaderSchema>(schema: S): HeaderOf<S>;
  /** The declared header, to be read field by field. Valid until the processor returns. @throws KiteError `KITE_HEADER_INVALID`, also when a field is read. */
  fields(schema: HeaderSchema): FieldReader;
  /** Lets go of header and body, keeping what an answer needs. Call it before holding a request over a wait. */
  detach(): void;
  /** Answers with `code` and the command's response header; `body` pieces are sent uncopied and must not change afterwards. */
  reply<C extends AnyCommand>(
    command: C,
    code: number,
    header: ResponseHeaderOf<C> | undefined,
    options?: ReplyOptions,
  ): void;
  /** Answers with a code and a sentence. */
  fail(code: number, remark: string): void;
}

export interface ReplyOptions {
  readonly remark?: string | undefined;
  readonly body?: Uint8Array | readonly Uint8Array[] | undefined;
  /** The body's memory is used again when `reply` returns: copy it, whatever its size. */
  readonly copyBody?: boolean | undefined;
  readonly ext?: Readonly<Record<string, string>> | undefined;
  /** Writes the header instead of its table: see {@link ExtWriter}. */
  readonly writer?: ExtWriter | undefined;
}

/** Handles the requests of one or more codes. Runs to its end at once; what takes time is continued by callbacks and answered later. */
export type Processor = (request: Request) => void;

/** The one table from request code to processor. */
export type ProcessorTable = ReadonlyMap<number, Processor>;

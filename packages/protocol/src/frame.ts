import type { FastBuffer } from './header/fast-buffer.ts';
import type { HeaderOf, HeaderSchema } from './header.ts';

/** How a header is serialised: 0 and 1 are Apache's, 2 is ours (msgpackr, positional) and used only with peers that showed they know it. */
export const SerializeType = { json: 0, rocketmq: 1, msgpack: 2 } as const;
export type SerializeType = (typeof SerializeType)[keyof typeof SerializeType];

/** Bits of a frame's `flag`. */
export const FrameFlag = { response: 1, oneway: 2 } as const;

/** The text fields of a received header, decoded only as far as asked. */
export interface ExtFields {
  /** The value of `key`, or undefined. */
  get(key: string): string | undefined;
  /** All fields, in an object without prototype. */
  toObject(): Record<string, string>;
  /** Reads the declared fields. @throws KiteError `KITE_HEADER_INVALID` for a missing required field of a strict header, or a number that is none. */
  read<S extends HeaderSchema>(schema: S): HeaderOf<S>;
  /** The declared fields, to be read one by one: for who needs few of them, or their bytes. Valid until the next frame is decoded or another header selected. */
  select(schema: HeaderSchema): FieldReader;
}

/** Reads declared fields where they lie. Fields are given by their index, see {@link fieldIndex}; errors are those of {@link ExtFields.read}. */
export interface FieldReader {
  string(field: number): string | undefined;
  int(field: number): number | undefined;
  long(field: number): number | undefined;
  boolean(field: number): boolean | undefined;
  /** Only the check that the field is there if it has to be. */
  require(field: number): void;
  /** Writes the field's text in UTF-8 at `offset` and returns the offset behind it (`offset` when the field is absent), -1 when the room may not be enough: six bytes for each of its characters always are. */
  copyText(field: number, target: Uint8Array, offset: number): number;
}

/** A received frame. `body` is a view into the receive buffer: copy what must outlive the call. */
export interface Frame {
  readonly serializeType: SerializeType;
  readonly code: number;
  /** Language ordinal (spec/remoting-frame §2.4), -1 when unknown. */
  readonly language: number;
  readonly version: number;
  readonly opaque: number;
  readonly flag: number;
  readonly remark: string | undefined;
  readonly ext: ExtFields;
  readonly body: Uint8Array | undefined;
}

/** A frame to send, up to its body: the body's bytes follow on the socket, uncopied. */
export interface OutgoingFrame {
  serializeType: SerializeType;
  code: number;
  language: number;
  version: number;
  opaque: number;
  flag: number;
  remark: string | undefined;
  /** The declared header and its values, or neither. */
  schema: HeaderSchema | undefined;
  values: Readonly<Record<string, unknown>> | undefined;
  /** Writes the declared fields of `values` faster than their table does, in JSON and ROCKETMQ headers. */
  writer?: ExtWriter | undefined;
  /** Further text fields, after the declared ones. */
  ext: Readonly<Record<string, string>> | undefined;
  bodyLength: number;
}

/** Writes the text fields of one kind of header: for answers that are made by the hundred thousand. What it writes is what the table of the header would. */
export interface ExtWriter {
  /** Bytes that it writes at most. */
  bytesMax(values: unknown): number;
  /** From the quote before the first name to the end of the last value, without its quote. */
  writeJson(buffer: FastBuffer, offset: number, values: unknown): number;
  /** All fields, each with its lengths. */
  writeBinary(buffer: FastBuffer, offset: number, values: unknown): number;
}

/** Bounds checked before anything is allocated. */
export const FrameLimits = {
  /** Whole frame, its length field included (`com.rocketmq.remoting.frameMaxLength`). */
  frameBytesMax: 16_777_216,
  headerBytesMax: 0xff_ff_ff,
  /** Ours: Apache has none. */
  extFieldsMax: 1_024,
} as const;

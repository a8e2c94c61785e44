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
  /** Further text fields, after the declared ones. */
  ext: Readonly<Record<string, string>> | undefined;
  bodyLength: number;
}

/** Bounds checked before anything is allocated. */
export const FrameLimits = {
  /** Whole frame, its length field included (`com.rocketmq.remoting.frameMaxLength`). */
  frameBytesMax: 16_777_216,
  headerBytesMax: 0xff_ff_ff,
  /** Ours: Apache has none. */
  extFieldsMax: 1_024,
} as const;

import type { ExtFields, Frame, SerializeType } from '../frame.ts';

/** A received frame. Decoders fill in what the header holds; the rest of the program sees it as a readonly {@link Frame}. */
export class DecodedFrame implements Frame {
  readonly serializeType: SerializeType;
  code = 0;
  language = 0;
  version = 0;
  readonly opaque: number;
  readonly flag: number;
  remark: string | undefined = undefined;
  readonly ext: ExtFields;
  body: Uint8Array | undefined = undefined;

  constructor(serializeType: SerializeType, opaque: number, flag: number, ext: ExtFields) {
    this.serializeType = serializeType;
    this.opaque = opaque;
    this.flag = flag;
    this.ext = ext;
  }
}

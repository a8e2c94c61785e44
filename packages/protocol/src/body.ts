/** How the body of a frame is read and written. `undefined` stands for no body. */
export interface BodyCodec<T> {
  /** For the reference page: the name of the JSON shape, or what the bytes are. */
  readonly name: string;
  encode(value: T): Uint8Array | undefined;
  /** @throws KiteError `KITE_BODY_INVALID` */
  decode(bytes: Uint8Array | undefined): T;
}

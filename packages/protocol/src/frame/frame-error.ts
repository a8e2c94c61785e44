import { KiteError } from '@kitemq/runtime';

/** What could be read of a header that is broken further on. */
export interface ReadSoFar {
  readonly opaque: number;
  readonly flag: number;
}

/** With `known`, the peer can be told before its connection is closed: in JSON, which everybody reads. */
export function frameInvalid(why: string, known?: ReadSoFar): KiteError {
  return new KiteError('KITE_FRAME_INVALID', `Not a frame: ${why}. Close the connection, there is no way to find the next frame.`, {
    details: known === undefined ? {} : { opaque: known.opaque, flag: known.flag },
  });
}

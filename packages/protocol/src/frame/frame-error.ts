import { KiteError } from '@kitemq/runtime';

/** `opaque` is given when it could be read: the peer can then be told, else its connection is closed. */
export function frameInvalid(why: string, opaque?: number): KiteError {
  return new KiteError('KITE_FRAME_INVALID', `Not a frame: ${why}. Close the connection, there is no way to find the next frame.`, {
    details: opaque === undefined ? {} : { opaque },
  });
}

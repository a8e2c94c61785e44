import { Socket } from 'node:net';

/** One read of a busy connection brings up to this much. */
const readBytes = 262_144;
/** All connections read into the same memory: what a read brings is used up before the next one starts. */
let shared: Uint8Array | undefined;

/** What is used of a socket's handle. */
interface StreamHandle {
  readStart?(): number;
  useUserBuffer?(buffer: Uint8Array): void;
}

/**
 * Goes on with an accepted connection (paused, nothing read yet) in a socket that reads into one buffer instead of allocating memory for each
 * read: that memory is most of what the garbage collector of a busy server has to do. Node has the option for outgoing sockets only (`onread`), so
 * the handle moves to a socket made with it. Undefined where that cannot be done: Windows reads ahead into the buffer, and
 * handles that know no user buffer.
 */
export const readInPlace = (accepted: Socket, onData: (chunk: Uint8Array) => void): Socket | undefined => {
  if (process.platform === 'win32') return undefined;
  const handle = Reflect.get(accepted, '_handle') as StreamHandle | null | undefined;
  if (typeof handle?.useUserBuffer !== 'function') return undefined;
  const buffer = (shared ??= new Uint8Array(readBytes));
  const onread = {
    buffer,
    callback: (bytes: number): boolean => {
      onData(buffer.subarray(0, bytes));
      return true;
    },
  };
  // What the accepted socket does from now on must not touch the connection.
  Reflect.set(accepted, '_handle', null);
  return new Socket({ handle, onread, manualStart: true } as ConstructorParameters<typeof Socket>[0]);
};

import type { DiskFile, NetworkSocket, SocketHandler } from '@kitemq/runtime';

export const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

export const write = (file: DiskFile, text: string, position = 0): void => file.writeSync(bytes(text), 0, text.length, position);

export const read = (file: DiskFile): string => {
  const target = Buffer.alloc(file.sizeSync());
  file.readSync(target, 0, target.length, 0);
  return target.toString('latin1');
};

export const datasync = (file: DiskFile): Promise<void> =>
  new Promise((resolve, reject) => file.datasync((error) => (error === undefined ? resolve() : reject(error))));

/** Keeps what a socket tells. */
export class SocketRecorder implements SocketHandler {
  text = '';
  chunks: number[] = [];
  closed: { error: Error | undefined } | undefined = undefined;
  drains = 0;

  constructor(socket: NetworkSocket) {
    socket.setHandler(this);
  }

  onData(chunk: Uint8Array): void {
    this.text += Buffer.from(chunk).toString('latin1');
    this.chunks.push(chunk.length);
  }

  onDrain(): void {
    this.drains++;
  }

  onClose(error: Error | undefined): void {
    this.closed = { error };
  }
}

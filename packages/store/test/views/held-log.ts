import { unpack } from 'msgpackr';
import type { SystemLog } from '../../src/views/system-log.ts';

/** A log whose records wait until the test says what becomes of them. */
export class HeldLog implements SystemLog {
  readonly bodyBytesMax: number = 64 * 1024;
  readonly bodies: unknown[] = [];
  /** What appends are refused with. */
  refusal: Error | undefined;
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  append(_topic: string, body: Uint8Array): Promise<void> {
    if (this.refusal !== undefined) throw this.refusal;
    this.bodies.push(unpack(body));
    return this.flush();
  }

  flush(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** What was appended is durable, or with `error` lost. */
  settle(error?: Error): void {
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (error === undefined) resolve();
      else reject(error);
    }
  }
}

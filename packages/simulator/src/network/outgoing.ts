import { copyBytes } from '../core/copy-bytes.ts';
import type { Cables } from './cables.ts';
import type { Endpoint } from './endpoint.ts';

/** What travels together. */
export interface Flight {
  readonly chunks: Uint8Array[];
  end: boolean;
  /** The connection is reset when it arrives. */
  readonly reset: boolean;
  readonly sentAt: number;
  arrivesAt: number;
}

/** The sending half of a connection's end: what the system has not taken, and what is under way, in order. */
export class Outgoing {
  corked = 0;
  bufferedBytes = 0;
  /** Taken by the system and not yet by the peer's handler. */
  underWay = 0;
  endSent = false;
  /** In the order of arrival; the first has an event. */
  readonly flights: Flight[] = [];
  readonly #cables: Cables;
  readonly #endpoint: Endpoint;
  #buffer: Uint8Array[] = [];
  #ending = false;

  constructor(cables: Cables, endpoint: Endpoint) {
    this.#cables = cables;
    this.#endpoint = endpoint;
  }

  /** False after `end`. */
  push(chunk: Uint8Array): boolean {
    if (this.#ending) return false;
    this.#buffer.push(chunk);
    this.bufferedBytes += chunk.length;
    return true;
  }

  end(): void {
    this.#ending = true;
    this.pump();
  }

  clear(): void {
    this.#buffer = [];
    this.bufferedBytes = 0;
  }

  /** Hands to the network what the window allows. */
  pump(): void {
    if ((this.corked > 0 && !this.#ending) || this.#endpoint.gone) return;
    const { windowBytes } = this.#cables.faults;
    const taken: Uint8Array[] = [];
    let index = 0;
    while (index < this.#buffer.length && this.underWay < windowBytes) {
      const chunk = this.#buffer[index]!;
      const room = windowBytes - this.underWay;
      // Copied only now: whoever reuses a buffer that he has given away finds out.
      const part = copyBytes(chunk, 0, Math.min(room, chunk.length));
      if (part.length > 0) taken.push(part);
      this.underWay += part.length;
      this.bufferedBytes -= part.length;
      if (part.length < chunk.length) {
        this.#buffer[index] = chunk.subarray(part.length);
        break;
      }
      index++;
    }
    if (index > 0) this.#buffer.splice(0, index);
    const end = this.#ending && !this.endSent && this.#buffer.length === 0;
    if (end) this.endSent = true;
    if (taken.length > 0 || end) this.#cables.send(this.#endpoint, taken, end);
    if (end) this.#endpoint.finishIfDone();
  }
}

import { copyBytes } from '../core/copy-bytes.ts';
import type { SimulatedRandom } from '../core/simulated-random.ts';
import type { World } from '../core/world.ts';
import type { Endpoint } from './endpoint.ts';
import type { NetworkFaults } from './network-faults.ts';
import { quietNetwork } from './network-faults.ts';
import type { Flight } from './outgoing.ts';

/** Where an end of a connection is. */
export interface NetworkAddress {
  readonly machine: string;
  readonly address: string;
  readonly port: number;
}

/** How often an unanswered packet is sent again, milliseconds. */
const retransmitEveryMs = 300;

/** What is between the machines: carries bytes, loses and delays them, and can be cut. */
export class Cables {
  faults: NetworkFaults = quietNetwork();
  readonly #world: World;
  readonly #random: SimulatedRandom;
  readonly #peers: Map<Endpoint, Endpoint> = new Map();
  readonly #blocked: Set<string> = new Set();
  readonly #down: Set<string> = new Set();

  constructor(world: World, random: SimulatedRandom) {
    this.#world = world;
    this.#random = random;
  }

  /** Nothing gets from the first machine to the second until `unblock`. */
  block(from: string, to: string): void {
    this.#blocked.add(`${from}>${to}`);
  }

  unblock(from: string, to: string): void {
    this.#blocked.delete(`${from}>${to}`);
  }

  unblockAll(): void {
    this.#blocked.clear();
  }

  setPower(machine: string, on: boolean): void {
    if (on) this.#down.delete(machine);
    else this.#down.add(machine);
  }

  /** Can a packet get from one machine to the other now? */
  reaches(from: string, to: string): boolean {
    return !this.#blocked.has(`${from}>${to}`) && !this.#down.has(to) && !this.#down.has(from);
  }

  delay(): number {
    const { delayMs, lossProbability, lossMs } = this.faults;
    return this.#random.between(...delayMs) + (this.#random.chance(lossProbability) ? lossMs : 0);
  }

  join(a: Endpoint, b: Endpoint): void {
    this.#peers.set(a, b);
    this.#peers.set(b, a);
  }

  /** Connections between two machines (of all, by default), one endpoint each. */
  connections(a?: string, b?: string): Endpoint[] {
    const found: Endpoint[] = [];
    for (const [one, other] of this.#peers) {
      const wanted = a === undefined || (one.machineName === a && (b === undefined || other.machineName === b));
      if (wanted && !one.gone && !found.includes(other)) found.push(one);
    }
    return found;
  }

  /** Sends bytes, and the end of the stream, behind all that was sent before. */
  send(from: Endpoint, chunks: Uint8Array[], end: boolean): void {
    const { flights } = from.outgoing;
    const last = flights.at(-1);
    if (last !== undefined && !last.reset && !last.end && last.sentAt === this.#world.now) {
      last.chunks.push(...chunks);
      last.end = end;
      return;
    }
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const reset = this.#random.chance(this.faults.resetProbability);
    const arrivesAt = this.#world.now + this.delay() + bytes / this.faults.bytesPerMs;
    this.#launch(from, { chunks, end, reset, sentAt: this.#world.now, arrivesAt });
  }

  /** An end was closed: the peer sees the end of the stream, or a reset when data is lost by it. */
  hangUp(from: Endpoint, dataLost: boolean): void {
    from.gone = true;
    const reset = dataLost || this.#random.chance(0.2);
    this.#launch(from, { chunks: [], end: true, reset, sentAt: this.#world.now, arrivesAt: this.#world.now + this.delay() });
  }

  /** Both ends see a reset, now. */
  reset(endpoint: Endpoint): void {
    const peer = this.#peers.get(endpoint);
    for (const each of [endpoint, peer]) {
      if (each !== undefined) this.#world.schedule(each.context.incarnation, 0, () => each.broken('ECONNRESET'));
    }
    this.#forget(endpoint);
  }

  /** The connection of this end ceases to exist without anybody being told (power cut, cable, middlebox). */
  vanish(endpoint: Endpoint): void {
    endpoint.gone = true;
  }

  /** All connections of a process that ended, or of a machine whose power went. */
  processDied(isTheirs: (endpoint: Endpoint) => boolean, told: boolean): void {
    for (const endpoint of Array.from(this.#peers.keys())) {
      if (endpoint.gone || !isTheirs(endpoint)) continue;
      if (told) this.hangUp(endpoint, this.#random.chance(0.3));
      else this.vanish(endpoint);
    }
  }

  /** The peer's handler has taken bytes that this end received: its sender may go on. */
  consumed(endpoint: Endpoint, bytes: number): void {
    const sender = this.#peers.get(endpoint);
    if (sender === undefined) return;
    sender.outgoing.underWay -= bytes;
    if (sender.outgoing.bufferedBytes === 0 || sender.gone) return;
    sender.outgoing.pump();
    sender.drained();
  }

  #launch(from: Endpoint, flight: Flight): void {
    const { flights } = from.outgoing;
    flights.push(flight);
    if (flights.length === 1) this.#await(from, flight.arrivesAt - this.#world.now);
  }

  #await(from: Endpoint, delayMs: number): void {
    this.#world.schedule(undefined, delayMs, () => this.#arrive(from));
  }

  #arrive(from: Endpoint): void {
    const { flights } = from.outgoing;
    const flight = flights[0];
    const to = this.#peers.get(from);
    if (flight === undefined || to === undefined) return;
    if (!this.reaches(from.machineName, to.machineName)) return this.#retransmit(from, flight);
    flights.shift();
    if (flight.reset) {
      to.broken('ECONNRESET');
      from.broken('ECONNRESET');
      return this.#forget(from);
    }
    if (to.gone || !to.context.incarnation.alive) {
      // Nobody there knows this connection. A mere end of stream is what a closing peer expects.
      if (flight.chunks.length > 0 && !from.gone) this.#world.schedule(undefined, this.delay(), () => from.broken('ECONNRESET'));
      else from.finishIfDone();
      return this.#next(from);
    }
    to.arrive(this.#cut(flight.chunks), flight.end);
    this.#next(from);
  }

  #next(from: Endpoint): void {
    const next = from.outgoing.flights[0];
    if (next !== undefined) this.#await(from, next.arrivesAt - this.#world.now);
    else if (from.gone) this.#forgetIfOver(from);
  }

  #retransmit(from: Endpoint, flight: Flight): void {
    if (this.#world.now - flight.sentAt < this.faults.retransmitMs) return this.#await(from, retransmitEveryMs);
    from.outgoing.flights.length = 0;
    from.broken('ETIMEDOUT');
  }

  /** Streams have no boundaries: chunks are joined and cut anywhere. */
  #cut(chunks: Uint8Array[]): Uint8Array[] {
    const random = this.#random;
    const joined = chunks.length > 1 && random.chance(0.5) ? [joinBytes(chunks)] : chunks;
    return joined.flatMap((chunk) => {
      if (chunk.length < 2 || !random.chance(this.faults.cutProbability)) return [chunk];
      const at = 1 + random.below(chunk.length - 1);
      return [chunk.subarray(0, at), copyBytes(chunk, at)];
    });
  }

  #forgetIfOver(endpoint: Endpoint): void {
    const peer = this.#peers.get(endpoint);
    if (peer === undefined || (peer.gone && peer.outgoing.flights.length === 0)) this.#forget(endpoint);
  }

  #forget(endpoint: Endpoint): void {
    const peer = this.#peers.get(endpoint);
    endpoint.gone = true;
    this.#peers.delete(endpoint);
    if (peer === undefined) return;
    peer.gone = true;
    this.#peers.delete(peer);
  }
}

const joinBytes = (chunks: readonly Uint8Array[]): Uint8Array => {
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
};

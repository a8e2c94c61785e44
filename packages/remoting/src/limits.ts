import { FrameLimits } from '@kitemq/protocol';

/** Bounds of one server or client. Every one of them has an answer: the sentence says which. */
export interface RemotingLimits {
  /** Bytes of a whole frame. More: the connection is closed. */
  readonly frameBytesMax: number;
  /** Connections at a time. More: closed as soon as they are accepted. */
  readonly connectionsMax: number;
  /** Requests of one connection that wait for their answer here. More: answered with SYSTEM_BUSY (2). */
  readonly requestsInFlightMax: number;
  /** Requests sent on one connection that wait for the peer's answer. More: `KITE_TOO_MANY_REQUESTS`. */
  readonly invokesInFlightMax: number;
  /** Bytes queued for one connection above which nothing more is read from it, until all are gone. */
  readonly outputPauseBytes: number;
  /** Bytes queued for one connection above which it is closed. */
  readonly outputBytesMax: number;
  /** Bytes of incomplete frames, all connections together. More: the connection that brought them is closed. */
  readonly partialBytesMax: number;
  /** As `partialBytesMax`, for connections that have not sent a whole valid frame yet: strangers cannot take all of it. */
  readonly strangerBytesMax: number;
  /** A connection without any read or write for so many ms is closed (Apache: 120 s). */
  readonly idleMs: number;
  /** A frame that is not complete so many ms after its first byte: the connection is closed. */
  readonly frameMs: number;
}

export const remotingLimitDefaults: RemotingLimits = {
  frameBytesMax: FrameLimits.frameBytesMax,
  connectionsMax: 65_535,
  requestsInFlightMax: 65_535,
  invokesInFlightMax: 65_535,
  outputPauseBytes: 1_048_576,
  outputBytesMax: 67_108_864,
  partialBytesMax: 268_435_456,
  strangerBytesMax: 67_108_864,
  idleMs: 120_000,
  frameMs: 120_000,
};

export const remotingLimits = (given: Partial<RemotingLimits> = {}): RemotingLimits => ({ ...remotingLimitDefaults, ...given });

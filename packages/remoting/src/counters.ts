/** Plain numbers, bumped in place and read when somebody asks. */
export interface RemotingCounters {
  accepted: number;
  /** Connections turned away: too many. */
  refused: number;
  requests: number;
  replies: number;
  /** Requests answered with SYSTEM_BUSY by the server itself. */
  overloads: number;
  processorErrors: number;
  /** Frames whose header did not parse. */
  brokenFrames: number;
  /** Connections closed for what the peer did. */
  failures: number;
  idleClosed: number;
  /** How often reading was stopped for a slow reader. */
  pauses: number;
  timeouts: number;
  /** Answers nobody waited for any more. */
  lateReplies: number;
  bytesIn: number;
  bytesOut: number;
  /** Gathered writes. */
  writes: number;
}

export const newCounters = (): RemotingCounters => ({
  accepted: 0,
  refused: 0,
  requests: 0,
  replies: 0,
  overloads: 0,
  processorErrors: 0,
  brokenFrames: 0,
  failures: 0,
  idleClosed: 0,
  pauses: 0,
  timeouts: 0,
  lateReplies: 0,
  bytesIn: 0,
  bytesOut: 0,
  writes: 0,
});

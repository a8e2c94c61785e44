/** How the network behaves. Plain data: change it at any time. Probabilities are 0 to 1, delays milliseconds, sizes bytes. */
export interface NetworkFaults {
  /** One way from one machine to another takes between these. */
  delayMs: readonly [min: number, max: number];
  /** A packet is lost and sent again: it (and what is behind it) takes `lossMs` more. */
  lossProbability: number;
  lossMs: number;
  /** What arrives is cut at a random place. */
  cutProbability: number;
  /** A connection is reset when something travels on it. */
  resetProbability: number;
  bytesPerMs: number;
  /** What a sender may have under way; more waits in its `bufferedBytes`. */
  windowBytes: number;
  /** A peer that does not answer for so long is given up (ETIMEDOUT). */
  retransmitMs: number;
}

/** A quiet local network that delivers in pieces of any size. */
export const quietNetwork = (): NetworkFaults => ({
  delayMs: [0.05, 0.5],
  lossProbability: 0,
  lossMs: 200,
  cutProbability: 0.1,
  resetProbability: 0,
  bytesPerMs: 1_000_000,
  windowBytes: 256 * 1024,
  retransmitMs: 60_000,
});

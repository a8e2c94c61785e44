/** How a machine's disk behaves. Plain data: change it at any time. Probabilities are 0 to 1, delays milliseconds. */
export interface DiskFaults {
  /** A datasync takes between these. */
  datasyncMs: readonly [min: number, max: number];
  /** Now and then one takes `slowDatasyncMs` more. */
  slowDatasyncProbability: number;
  slowDatasyncMs: number;
  /** A datasync fails with EIO; its pages may never reach the platter. */
  failDatasyncProbability: number;
  /** A write fails with EIO, having written a part. */
  failWriteProbability: number;
  /** A rename, or making a directory's entries durable, fails with EIO. */
  failEntryProbability: number;
  /** A commit of a key-value store fails with EIO, without effect. */
  failCommitProbability: number;
  /** A read fails with EIO. */
  failReadProbability: number;
  /** An asynchronous read takes between these. */
  readMs: readonly [min: number, max: number];
  /** A datasync says that it is done and does nothing: a disk that lies, or code that acknowledges too early. */
  ignoreDatasync: boolean;
}

/** An ordinary, healthy SSD. */
export const healthyDisk = (): DiskFaults => ({
  datasyncMs: [0.1, 1.5],
  slowDatasyncProbability: 0,
  slowDatasyncMs: 200,
  failDatasyncProbability: 0,
  failWriteProbability: 0,
  failEntryProbability: 0,
  failCommitProbability: 0,
  failReadProbability: 0,
  readMs: [0.02, 0.3],
  ignoreDatasync: false,
});

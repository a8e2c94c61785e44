/** Which of a process's brokers one is. */
export interface ShardPlace {
  /** From 0 on. Shard 0 has the name, the port and the folder that the broker has without shards. */
  readonly index: number;
  /** At least 2. */
  readonly count: number;
}

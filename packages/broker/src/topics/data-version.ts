/** Tells copies of a table apart: by all three fields. */
export interface TableVersion {
  readonly stateVersion: number;
  /** Milliseconds since the epoch of the last change. */
  readonly timestamp: number;
  readonly counter: number;
}

/** Reads what the settings hold; a table without version starts anew. */
export function readTableVersion(value: unknown): TableVersion {
  const stored = (typeof value === 'object' && value !== null ? value : {}) as Partial<TableVersion>;
  return { stateVersion: stored.stateVersion ?? 0, timestamp: stored.timestamp ?? 0, counter: stored.counter ?? 0 };
}

export function nextVersion(version: TableVersion, now: number): TableVersion {
  return { stateVersion: version.stateVersion, timestamp: now, counter: version.counter + 1 };
}

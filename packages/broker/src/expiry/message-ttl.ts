import { PropertyKey, PropertyName, RecordView } from '@kitemq/protocol';

const key = new PropertyKey(PropertyName.messageTtl);
const view = new RecordView();

/** A value of MSG_TTL_MS as a number: whole milliseconds from 1 on, NaN for anything else. */
export function readTtl(text: string): number {
  const ttlMs = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  return ttlMs > 0 ? ttlMs : Number.NaN;
}

/** MSG_TTL_MS in a property string: 0 without, NaN when it is no such number. */
export function ttlOf(properties: Uint8Array, start = 0, end: number = properties.length): number {
  const text = key.find(properties, start, end);
  return text === undefined ? 0 : readTtl(text);
}

/** Of a batch that is one record, and so is delivered as a whole: that of its message that lives longest; 0, for ever, when one has none. */
export function longestTtl(ttls: readonly number[]): number {
  return ttls.reduce((longest, ttlMs) => (longest === 0 || ttlMs === 0 ? 0 : Math.max(longest, ttlMs)));
}

/**
 * Whether a stored record may not be delivered any more at `now`: its topic's time to live (`ttlMs`, 0 for none) or its own is over, whichever is shorter.
 * Both begin when the broker stored it, so clocks of producers do not matter; a delayed message's when it was delivered to its topic.
 */
export function isExpired(record: Uint8Array, ttlMs: number, now: number): boolean {
  view.moveTo(record, 0);
  const age = now - view.storeTimestamp;
  if (ttlMs > 0 && age >= ttlMs) return true;
  const own = ttlOf(record, view.propertiesStart, view.propertiesEnd);
  // A value that is none (an import) says nothing.
  return own > 0 && age >= own;
}

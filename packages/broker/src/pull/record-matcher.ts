import type { PropertyLookup } from '@kitemq/filter';
import { decodeProperties, decodeRecord } from '@kitemq/protocol';
import { isExpired } from '../expiry/message-ttl.ts';
import type { PullOperation } from './pull-operation.ts';

/** The second pass of a filtered pull: reads a stored record's properties and asks the expression. */
export function recordMatcher(matches: (properties: PropertyLookup) => boolean): (record: Uint8Array) => boolean {
  return (record) => {
    const properties = decodeProperties(decodeRecord(record).properties);
    return matches((name) => properties[name]);
  };
}

/** What a pull of a topic with a time to live asks of records, besides what its filter does: not to have expired. Counts those that had. */
export function unexpired(pull: PullOperation, terms: { readonly ttlMs: number; readonly now: number; readonly matches: ((record: Uint8Array) => boolean) | undefined }): (record: Uint8Array) => boolean {
  const { ttlMs, now, matches } = terms;
  return (record) => {
    if (!isExpired(record, ttlMs, now)) return matches === undefined || matches(record);
    pull.expiredMessages++;
    return false;
  };
}

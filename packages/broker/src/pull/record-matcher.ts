import type { PropertyLookup } from '@kitemq/filter';
import { decodeProperties, decodeRecord } from '@kitemq/protocol';

/** The second pass of a filtered pull: reads a stored record's properties and asks the expression. */
export function recordMatcher(matches: (properties: PropertyLookup) => boolean): (record: Uint8Array) => boolean {
  return (record) => {
    const properties = decodeProperties(decodeRecord(record).properties);
    return matches((name) => properties[name]);
  };
}

import { javaHashCode } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';

/** A parsed tag subscription. */
export interface TagExpression {
  /** True for `*`, the empty expression and none: every message, also those without a tag. */
  readonly all: boolean;
  /** Tags in the order written, without duplicates. */
  readonly tags: readonly string[];
  /** Java hashes of `tags`; different tags may share one. */
  readonly codes: readonly number[];
}

/** Longest expression taken, in characters. */
export const tagExpressionLengthMax = 32_767;

const everything: TagExpression = { all: true, tags: [], codes: [] };

/** What a queue entry holds of a message's TAGS: Java's hash of the whole text. */
export const tagHash: (tag: string) => number = javaHashCode;

/**
 * Parses `a || b`: split at `||`, trimmed, empty parts dropped.
 * @throws KiteError `KITE_FILTER_INVALID` when there is nothing but bars, as Apache's parser
 */
export function parseTagExpression(expression: string | undefined): TagExpression {
  if (expression === undefined || expression === '' || expression === '*') return everything;
  if (expression.length > tagExpressionLengthMax) {
    throw new KiteError('KITE_FILTER_INVALID', `The tag expression is longer than ${tagExpressionLengthMax} characters.`, { details: { type: 'TAG' } });
  }
  const parts = expression.split('||');
  if (parts.every((part) => part === '')) {
    throw new KiteError('KITE_FILTER_INVALID', 'The tag expression has bars only; name a tag, or * for all.', { details: { type: 'TAG' } });
  }
  const tags = [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ''))];
  return { all: false, tags, codes: tags.map((tag) => tagHash(tag)) };
}

/** The first pass of filtering, on the hash in a queue entry: undefined when it takes all. Collisions pass; consumers compare the text. */
export function compileTagCodes(codes: readonly number[]): (tagsCode: number) => boolean {
  const [first, second] = codes;
  if (first === undefined) return () => false;
  if (second === undefined) return (tagsCode) => tagsCode === first;
  if (codes.length === 2) return (tagsCode) => tagsCode === first || tagsCode === second;
  const set = new Set(codes);
  return (tagsCode) => set.has(tagsCode);
}

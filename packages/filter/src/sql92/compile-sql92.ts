import { KiteError } from '@kitemq/runtime';
import type { PropertyLookup } from './expressions.ts';
import { Parser } from './parser.ts';

/** Longest expression taken, in characters. */
export const sqlExpressionLengthMax = 32_767;

/**
 * Compiles an SQL92 filter into a predicate over message properties. Unknown (null), a result that is no boolean and a
 * failed conversion do not match.
 * @throws KiteError `KITE_FILTER_INVALID`; its message begins as Apache's does
 */
export function compileSql92(expression: string): (properties: PropertyLookup) => boolean {
  try {
    if (expression.length > sqlExpressionLengthMax) throw new Error(`longer than ${sqlExpressionLengthMax} characters`);
    const { evaluate } = new Parser(expression).parse();
    return (properties) => evaluate(properties) === true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KiteError('KITE_FILTER_INVALID', `Invalid MessageSelector. ${reason}`, { cause: error, details: { type: 'SQL92' } });
  }
}

import { KiteError } from '@kitemq/runtime';
import { compileSql92 } from './sql92/compile-sql92.ts';
import type { PropertyLookup } from './sql92/expressions.ts';
import { compileTagCodes, parseTagExpression } from './tag-expression.ts';

/** Types of filter expressions, as subscriptions name them. */
export const ExpressionType = { tag: 'TAG', sql92: 'SQL92' } as const;
export type ExpressionType = (typeof ExpressionType)[keyof typeof ExpressionType];

/** A filter ready for use. Immutable; share it. */
export interface CompiledFilter {
  readonly type: ExpressionType;
  readonly expression: string;
  /** First pass, on a queue entry's tag hash. Undefined takes all. */
  readonly matchesTags: ((tagsCode: number) => boolean) | undefined;
  /** Second pass, on the message's properties. Undefined takes all. */
  readonly matchesProperties: ((properties: PropertyLookup) => boolean) | undefined;
}

/** Takes every message. */
export const matchAll: CompiledFilter = { type: 'TAG', expression: '*', matchesTags: undefined, matchesProperties: undefined };

/**
 * Compiles the expression of a subscription. No type means TAG; no expression means all.
 * @throws KiteError `KITE_FILTER_INVALID` for what does not parse, `KITE_FILTER_TYPE_UNKNOWN` for another type
 */
export function compileExpression(type: string | undefined, expression: string | undefined): CompiledFilter {
  if (type === undefined || type === '' || type === ExpressionType.tag) {
    const { all, codes } = parseTagExpression(expression);
    return all ? matchAll : { ...matchAll, expression: expression ?? '*', matchesTags: compileTagCodes(codes) };
  }
  if (type !== ExpressionType.sql92) {
    throw new KiteError('KITE_FILTER_TYPE_UNKNOWN', `Filter expressions are of type TAG or SQL92, not "${type.slice(0, 64)}".`);
  }
  if (expression === undefined || expression === '') throw new KiteError('KITE_FILTER_INVALID', 'Invalid MessageSelector. The expression is empty.');
  return { type, expression, matchesTags: undefined, matchesProperties: compileSql92(expression) };
}

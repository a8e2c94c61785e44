export type { CompiledFilter } from './compile-expression.ts';
export { compileExpression, ExpressionType, matchAll } from './compile-expression.ts';
export { compileSql92, sqlExpressionLengthMax } from './sql92/compile-sql92.ts';
export type { PropertyLookup } from './sql92/expressions.ts';
export type { TagExpression } from './tag-expression.ts';
export { compileTagCodes, parseTagExpression, tagExpressionLengthMax, tagHash } from './tag-expression.ts';

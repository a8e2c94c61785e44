import { SqlSyntaxError } from './sql-syntax-error.ts';
import { compareDoubles, compareValues, failed, IntValue, LongValue, parseJavaDouble } from './values.ts';
import type { Value } from './values.ts';

/** Reads a message property; undefined when the message has none of that name. */
export type PropertyLookup = (name: string) => string | undefined;

/** What kind of thing an expression is decides what it may be combined with. */
export type ExpressionShape = 'property' | 'constant' | 'number' | 'boolean';

/** A compiled piece of an expression. */
export interface Expression {
  readonly shape: ExpressionShape;
  /** As it would be written; used in messages. */
  readonly text: string;
  /** The value of a constant. */
  readonly constant: Value | undefined;
  readonly evaluate: (properties: PropertyLookup) => Value;
}

export type ComparisonSymbol = '>' | '>=' | '<' | '<=';

const accepts: Readonly<Record<ComparisonSymbol, (order: number) => boolean>> = {
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
};

function boolean(text: string, evaluate: (properties: PropertyLookup) => Value): Expression {
  return { shape: 'boolean', text, constant: undefined, evaluate };
}

export function property(name: string): Expression {
  return { shape: 'property', text: name, constant: undefined, evaluate: (properties) => properties(name) ?? null };
}

export function constant(value: Value, text: string): Expression {
  return { shape: 'constant', text, constant: value, evaluate: () => value };
}

/** A boolean use of an expression: a bare property is null without value, else false, even when it says "true". */
export function asBoolean(expression: Expression): Expression {
  if (expression.shape === 'boolean' || typeof expression.constant === 'boolean' || expression.constant === null) return expression;
  if (expression.shape !== 'property') throw new SqlSyntaxError(`${expression.text} is not a condition`);
  return boolean(expression.text, (properties) => (expression.evaluate(properties) === null ? null : false));
}

export function or(left: Expression, right: Expression): Expression {
  const [l, r] = [asBoolean(left).evaluate, asBoolean(right).evaluate];
  return boolean(`(${left.text} || ${right.text})`, (properties) => {
    const lv = l(properties);
    if (lv === true || lv === failed) return lv;
    const rv = r(properties);
    if (rv === true || rv === failed) return rv;
    return lv === null || rv === null ? null : false;
  });
}

export function and(left: Expression, right: Expression): Expression {
  const [l, r] = [asBoolean(left).evaluate, asBoolean(right).evaluate];
  return boolean(`(${left.text} && ${right.text})`, (properties) => {
    const lv = l(properties);
    if (lv === false || lv === failed) return lv;
    const rv = r(properties);
    if (rv === false || rv === failed) return rv;
    return lv === null || rv === null ? null : true;
  });
}

export function not(operand: Expression): Expression {
  const { evaluate } = asBoolean(operand);
  return boolean(`(NOT ${operand.text})`, (properties) => {
    const value = evaluate(properties);
    return typeof value === 'boolean' ? !value : value;
  });
}

export function negate(operand: Expression): Expression {
  const evaluate = (properties: PropertyLookup): Value => {
    const value = operand.evaluate(properties);
    if (value === failed) return failed;
    if (value instanceof IntValue) return new IntValue(-value.value);
    if (value instanceof LongValue) return new LongValue(BigInt.asIntN(64, -value.value));
    return typeof value === 'number' ? -value : null;
  };
  const text = `(- ${operand.text})`;
  if (operand.shape !== 'constant' && operand.shape !== 'number') return { shape: 'number', text, constant: undefined, evaluate };
  // The value is known now; still no constant, because Apache does not check the bounds of BETWEEN on negated ones.
  const value = evaluate(() => undefined);
  return { shape: 'number', text, constant: undefined, evaluate: () => value };
}

/** `=` without the checks of what may stand beside it; also `IS NULL`, against a null. */
function sameValue(left: Expression, right: Expression): Expression {
  const [l, r] = [left.evaluate, right.evaluate];
  return boolean(`(${left.text} == ${right.text})`, (properties) => {
    const lv = l(properties);
    if (lv === failed) return failed;
    const rv = r(properties);
    if (rv === failed) return failed;
    if (lv === null) return rv === null ? true : null;
    if (rv === null) return false;
    const order = compareValues(lv, rv);
    return order === undefined ? failed : order === 0;
  });
}

export function equal(left: Expression, right: Expression): Expression {
  for (const side of [left, right]) {
    if (side.shape === 'constant' && side.constant === null) throw new SqlSyntaxError(`'${side.text}' cannot be compared; use IS NULL`);
  }
  if (typeof left.constant === 'boolean' && right.shape === 'constant' && typeof right.constant !== 'boolean') {
    throw new SqlSyntaxError(`'${left.text}' cannot be compared with '${right.text}'`);
  }
  return sameValue(left, right);
}

export function isNull(operand: Expression): Expression {
  return sameValue(operand, constant(null, 'NULL'));
}

function checkOrdered(side: Expression): void {
  const isNumber = typeof side.constant === 'number' || side.constant instanceof IntValue || side.constant instanceof LongValue;
  if ((side.shape === 'constant' && !isNumber) || side.shape === 'boolean') {
    throw new SqlSyntaxError(`Value '${side.text}' cannot be compared.`);
  }
}

export function compare(left: Expression, symbol: ComparisonSymbol, right: Expression): Expression {
  checkOrdered(left);
  checkOrdered(right);
  const accept = accepts[symbol];
  const [l, r] = [left.evaluate, right.evaluate];
  return boolean(`(${left.text} ${symbol} ${right.text})`, (properties) => {
    const lv = l(properties);
    if (lv === null || lv === failed) return lv;
    const rv = r(properties);
    if (rv === null || rv === failed) return rv;
    const order = typeof lv === 'string' && typeof rv === 'string' ? compareNumericTexts(lv, rv) : compareValues(lv, rv);
    return order === undefined ? failed : accept(order);
  });
}

function compareNumericTexts(left: string, right: string): number | undefined {
  const [l, r] = [parseJavaDouble(left), parseJavaDouble(right)];
  return l === undefined || r === undefined ? undefined : compareDoubles(l, r);
}

export function between(value: Expression, low: Expression, high: Expression): Expression {
  if (low.shape === 'constant' && high.shape === 'constant') {
    const lv: Value = low.constant ?? null;
    const hv: Value = high.constant ?? null;
    if (lv === null || hv === null) throw new SqlSyntaxError('Illegal values of between, values can not be null!');
    const order = compareValues(hv, lv);
    if (order === undefined || order < 0) {
      throw new SqlSyntaxError(`Illegal values of between, left value(${low.text}) must less than or equal to right value(${high.text})`);
    }
  }
  return and(compare(value, '>=', low), compare(value, '<=', high));
}

export function notBetween(value: Expression, low: Expression, high: Expression): Expression {
  return or(compare(value, '<', low), compare(value, '>', high));
}

export function isOneOf(operand: Expression, elements: readonly string[], negated: boolean): Expression {
  if (operand.shape !== 'property') throw new SqlSyntaxError(`Expected a property for In expression, got: ${operand.text}`);
  const list = new Set(elements);
  return boolean(`(${operand.text} ${negated ? 'NOT IN' : 'IN'} (…))`, (properties) => {
    const value = operand.evaluate(properties);
    return typeof value === 'string' ? list.has(value) !== negated : null;
  });
}

export type TextTest = 'CONTAINS' | 'STARTSWITH' | 'ENDSWITH';

const textTests: Readonly<Record<TextTest, (value: string, search: string) => boolean>> = {
  CONTAINS: (value, search) => value.includes(search),
  STARTSWITH: (value, search) => value.startsWith(search),
  ENDSWITH: (value, search) => value.endsWith(search),
};

/** Without a text on the left, or with an empty search, it is false, also in the NOT form. */
export function matchesText(operand: Expression, test: TextTest, search: string, negated: boolean): Expression {
  const holds = textTests[test];
  return boolean(`(${operand.text} ${negated ? 'NOT ' : ''}${test} '${search}')`, (properties) => {
    if (search === '') return false;
    const value = operand.evaluate(properties);
    if (value === failed) return failed;
    return typeof value === 'string' && holds(value, search) !== negated;
  });
}

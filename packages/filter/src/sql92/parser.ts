import { and, asBoolean, between, compare, constant, equal, isNull, isOneOf, matchesText, negate, not, notBetween, or, property } from './expressions.ts';
import type { ComparisonSymbol, Expression, TextTest } from './expressions.ts';
import { Lexer } from './lexer.ts';
import type { Token } from './lexer.ts';
import { SqlSyntaxError } from './sql-syntax-error.ts';
import { IntValue, LongValue, parseJavaLong } from './values.ts';

/** Nesting of parentheses, signs and NOTs: an expression comes from the network and must not exhaust the stack. */
const depthMax = 200;

const orderings: ReadonlySet<string> = new Set(['>', '>=', '<', '<=']);
const textTests: ReadonlySet<string> = new Set(['CONTAINS', 'STARTSWITH', 'ENDSWITH']);

/**
 * Parses the filter language and compiles it on the way. As Apache's parser it stops at the end of a complete
 * expression: what follows is not looked at, except that the next token must be one.
 */
export class Parser {
  readonly #lexer: Lexer;
  #current: Token;
  #following: Token | undefined;
  #depth = 0;

  constructor(source: string) {
    this.#lexer = new Lexer(source);
    this.#current = this.#lexer.next();
  }

  /** @throws SqlSyntaxError */
  parse(): Expression {
    return asBoolean(this.#or());
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#accept('keyword', 'OR')) left = or(left, this.#and());
    return left;
  }

  #and(): Expression {
    let left = this.#equality();
    while (this.#accept('keyword', 'AND')) left = and(left, this.#equality());
    return left;
  }

  #equality(): Expression {
    let left = this.#comparison();
    for (;;) {
      if (this.#accept('symbol', '=')) left = equal(left, this.#comparison());
      else if (this.#accept('symbol', '<>')) left = not(equal(left, this.#comparison()));
      else if (this.#accept('keyword', 'IS')) {
        const negated = this.#accept('keyword', 'NOT');
        this.#expect('keyword', 'NULL');
        left = negated ? not(isNull(left)) : isNull(left);
      } else return left;
    }
  }

  #comparison(): Expression {
    let left = this.#unary();
    for (;;) {
      const { kind, text } = this.#current;
      if (kind === 'symbol' && orderings.has(text)) {
        this.#advance();
        left = compare(left, text as ComparisonSymbol, this.#unary());
        continue;
      }
      const next = this.#predicate(left);
      if (next === undefined) return left;
      left = next;
    }
  }

  /** `[NOT] BETWEEN | IN | CONTAINS | …` after an operand; undefined when there is none. */
  #predicate(left: Expression): Expression | undefined {
    if (this.#current.kind !== 'keyword') return undefined;
    const negated = this.#current.text === 'NOT';
    const word = negated ? this.#peek() : this.#current;
    if (word.kind !== 'keyword' || (word.text !== 'BETWEEN' && word.text !== 'IN' && !textTests.has(word.text))) return undefined;
    if (negated) this.#advance();
    this.#advance();
    if (word.text === 'BETWEEN') {
      const low = this.#unary();
      this.#expect('keyword', 'AND');
      const high = this.#unary();
      return negated ? notBetween(left, low, high) : between(left, low, high);
    }
    if (word.text === 'IN') return isOneOf(left, this.#list(), negated);
    return matchesText(left, word.text as TextTest, this.#expect('string'), negated);
  }

  #list(): string[] {
    this.#expect('symbol', '(');
    const elements = [this.#expect('string')];
    while (this.#accept('symbol', ',')) elements.push(this.#expect('string'));
    this.#expect('symbol', ')');
    return elements;
  }

  #unary(): Expression {
    if (++this.#depth > depthMax) throw new SqlSyntaxError(`nested deeper than ${depthMax} levels`);
    try {
      if (this.#accept('symbol', '+')) return this.#unary();
      if (this.#accept('symbol', '-')) return negate(this.#unary());
      if (this.#accept('keyword', 'NOT')) return not(this.#unary());
      return this.#primary();
    } finally {
      this.#depth--;
    }
  }

  #primary(): Expression {
    const token = this.#current;
    this.#advance();
    switch (token.kind) {
      case 'string':
        return constant(token.text, `'${token.text.replaceAll("'", "''")}'`);
      case 'integer':
        return integerLiteral(token.text);
      case 'float':
        return floatLiteral(token.text);
      case 'identifier':
        return property(token.text);
      case 'keyword':
        if (token.text === 'TRUE' || token.text === 'FALSE') return constant(token.text === 'TRUE', token.text);
        if (token.text === 'NULL') return constant(null, 'NULL');
        break;
      case 'symbol':
        if (token.text === '(') {
          const inner = this.#or();
          this.#expect('symbol', ')');
          return inner;
        }
        break;
      case 'end':
        break;
    }
    throw unexpected(token, 'a value, a property or "("');
  }

  #advance(): void {
    this.#current = this.#following ?? this.#lexer.next();
    this.#following = undefined;
  }

  #peek(): Token {
    this.#following ??= this.#lexer.next();
    return this.#following;
  }

  #accept(kind: Token['kind'], text: string): boolean {
    if (this.#current.kind !== kind || this.#current.text !== text) return false;
    this.#advance();
    return true;
  }

  #expect(kind: Token['kind'], text?: string): string {
    const token = this.#current;
    if (token.kind !== kind || (text !== undefined && token.text !== text)) throw unexpected(token, text ?? `a ${kind}`);
    this.#advance();
    return token.text;
  }
}

function unexpected(token: Token, wanted: string): SqlSyntaxError {
  const found = token.kind === 'end' ? 'the end of the expression' : `"${token.text}"`;
  return new SqlSyntaxError(`encountered ${found} at column ${token.at + 1} where ${wanted} was expected`);
}

function integerLiteral(text: string): Expression {
  const digits = /[lL]$/.test(text) ? text.slice(0, -1) : text;
  const value = parseJavaLong(digits);
  if (value === undefined) throw new SqlSyntaxError(`${text} is beyond the range of a 64-bit integer`);
  const isInt = value <= 2_147_483_647n;
  return constant(isInt ? new IntValue(Number(value)) : new LongValue(value), digits);
}

function floatLiteral(text: string): Expression {
  const value = Number(text);
  if (value > Number.MAX_VALUE) throw new SqlSyntaxError(`${text} is greater than 1.7976931348623157E308`);
  if (value < Number.MIN_VALUE) throw new SqlSyntaxError(`${text} is less than 4.9E-324`);
  return constant(value, text);
}

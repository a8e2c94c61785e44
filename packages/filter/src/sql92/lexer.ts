import { SqlSyntaxError } from './sql-syntax-error.ts';

/** What a token is. `keyword` texts are upper case, `symbol` is one of `= <> < <= > >= ( ) , + -`. */
export type TokenKind = 'keyword' | 'identifier' | 'string' | 'integer' | 'float' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** Keywords in upper case, strings decoded, all else as written. */
  readonly text: string;
  /** Index of its first character in the expression, for messages. */
  readonly at: number;
}

const keywords: ReadonlySet<string> = new Set(['NOT', 'AND', 'OR', 'BETWEEN', 'IN', 'TRUE', 'FALSE', 'NULL', 'IS', 'CONTAINS', 'STARTSWITH', 'ENDSWITH']);

// Sticky patterns in the order of the longest match. A line comment without its line end is no comment, as in Apache's grammar.
const blank = /(?:[ \t\n\r\f]|--[^\n\r]*[\n\r]|\/\*[^*]*\*+(?:[^*/][^*]*\*+)*\/)+/y;
const float = /(?:[0-9]+\.[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)/y;
const integer = /(?:0|[1-9][0-9]*[lL]?)/y;
const string = /'(?:''|[^'])*'/y;
const word = /[A-Za-z_$][A-Za-z0-9_$]*/y;
const symbol = /(?:<>|<=|>=|[=<>(),+-])/y;

/** Cuts an expression into tokens, one at a time: what the parser never asks for is never judged. */
export class Lexer {
  readonly #source: string;
  #position = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** The next token. @throws SqlSyntaxError for a character that starts none. */
  next(): Token {
    this.#take(blank);
    const at = this.#position;
    if (at >= this.#source.length) return { kind: 'end', text: '', at };
    let text = this.#take(float);
    if (text !== undefined) return { kind: 'float', text, at };
    text = this.#take(integer);
    if (text !== undefined) return { kind: 'integer', text, at };
    text = this.#take(string);
    if (text !== undefined) return { kind: 'string', text: text.slice(1, -1).replaceAll("''", "'"), at };
    text = this.#take(word);
    if (text !== undefined) {
      const upper = text.toUpperCase();
      return keywords.has(upper) ? { kind: 'keyword', text: upper, at } : { kind: 'identifier', text, at };
    }
    text = this.#take(symbol);
    if (text !== undefined) return { kind: 'symbol', text, at };
    throw new SqlSyntaxError(`unexpected character '${this.#source.charAt(at)}' at column ${at + 1}`);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#source);
    if (match === null) return undefined;
    this.#position = pattern.lastIndex;
    return match[0];
  }
}

/** One entry of a `.properties` text; `line` is where it begins, from 1. */
export interface PropertyEntry {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/**
 * Reads Java's `.properties` format: `key=value`, `key: value` or `key value`; `#` and `!` begin comment lines; a backslash at the end of a line
 * goes on in the next; `\t \n \r \f \uXXXX` and `\` before any other character. Duplicates are kept: the last one counts.
 */
export function readProperties(text: string): PropertyEntry[] {
  const entries: PropertyEntry[] = [];
  const lines = text.split(/\r\n|\r|\n/);
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1;
    let logical = withoutIndent(lines[index]!);
    if (logical === '' || logical.startsWith('#') || logical.startsWith('!')) continue;
    while (endsOpen(logical) && index + 1 < lines.length) logical = logical.slice(0, -1) + withoutIndent(lines[++index]!);
    if (endsOpen(logical)) logical = logical.slice(0, -1);
    entries.push({ ...split(logical), line });
  }
  return entries;
}

/** The entries as an object without prototype; later duplicates win. */
export function propertiesObject(text: string): Record<string, string> {
  const all: Record<string, string> = Object.create(null);
  for (const entry of readProperties(text)) all[entry.key] = entry.value;
  return all;
}

/** The text that {@link readProperties} reads back, one entry per line. */
export function writeProperties(entries: Iterable<readonly [key: string, value: string]>): string {
  let text = '';
  for (const [key, value] of entries) text += `${escape(key, true)}=${escape(value, false)}\n`;
  return text;
}

/** Only these three are white space to Java's reader. */
function withoutIndent(line: string): string {
  return line.replace(/^[ \t\f]+/, '');
}

/** An odd number of backslashes at the end. */
function endsOpen(line: string): boolean {
  let count = 0;
  while (count < line.length && line[line.length - 1 - count] === '\\') count++;
  return count % 2 === 1;
}

function split(line: string): { key: string; value: string } {
  let end = 0;
  while (end < line.length && !/[=: \t\f]/.test(line[end]!)) end += line[end] === '\\' ? 2 : 1;
  const rest = line.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '');
  return { key: unescape(line.slice(0, end)), value: unescape(rest) };
}

const plainEscapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescape(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.)|$)/gs, (_all, hex: string | undefined, letter: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return letter === undefined ? '' : (plainEscapes[letter] ?? letter);
  });
}

function escape(text: string, isKey: boolean): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\f', '\\f')
    .replace(/^[#!]/, '\\$&');
  return isKey ? escaped.replaceAll(/[ =:]/g, '\\$&') : escaped.replace(/^ /, '\\ ');
}

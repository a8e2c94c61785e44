const levelNames: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };
const colours: Readonly<Record<string, string>> = { warn: '\u001B[33m', error: '\u001B[31m', fatal: '\u001B[31m', debug: '\u001B[2m' };
const reset = '\u001B[0m';
const dim = '\u001B[2m';

const errorLevel = 50;

interface LoggedError {
  readonly message: string;
  readonly stack: string;
}

/** An error as pino writes it. */
function isLoggedError(value: unknown): value is LoggedError {
  return typeof value === 'object' && value !== null && 'message' in value && 'stack' in value;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `14:03:07.120`, local time. */
function timeOfDay(time: number): string {
  const date = new Date(time);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return /^[\w.:/@%+-]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? 'undefined';
}

/**
 * One log line for a person: `14:03:07.120 warn  broker: message  key=value`. The stack of an error follows only for levels error and up.
 * A line that is no JSON object is returned as it is.
 */
export function humanLine(json: string, coloured: boolean): string {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return json;
  }
  const { level, time, msg, component, ...fields } = record;
  const name = levelNames[Number(level)] ?? String(level);
  const parts: string[] = [];
  let stack = '';
  for (const [key, value] of Object.entries(fields)) {
    const error = isLoggedError(value) ? value : undefined;
    parts.push(`${key === 'err' ? 'error' : key}=${valueText(error === undefined ? value : error.message)}`);
    if (error !== undefined && Number(level) >= errorLevel) stack += `\n${error.stack}`;
  }
  const tail = parts.length === 0 ? '' : `  ${coloured ? dim : ''}${parts.join(' ')}${coloured ? reset : ''}`;
  const shownLevel = coloured && colours[name] !== undefined ? `${colours[name]}${name.padEnd(5)}${reset}` : name.padEnd(5);
  const source = component === undefined ? '' : `${String(component)}: `;
  return `${timeOfDay(Number(time))} ${shownLevel} ${source}${String(msg ?? '')}${tail}${stack}\n`;
}

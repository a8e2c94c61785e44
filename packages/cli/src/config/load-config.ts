import { KiteError } from '@kitemq/runtime';
import type { ConfigEntry } from './config-source.ts';
import { nearestName } from './nearest-name.ts';
import { allowedRange, type Setting } from './setting.ts';

export interface LoadedConfig {
  /** Every key of the schema that has a value, in the schema's order. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Where a value came from; a key that is not here has its default. */
  readonly origins: ReadonlyMap<string, string>;
  /** Sentences about keys that have no effect: unknown ones with the nearest known name, Apache's with the reason. */
  readonly warnings: readonly string[];
}

export interface ConfigInput {
  readonly settings: ReadonlyMap<string, Setting>;
  /** Weakest first: file, environment, flags. A later entry of the same key wins. */
  readonly entries: readonly ConfigEntry[];
  /** Apache's keys that have no effect here → why. */
  readonly ignored: Readonly<Record<string, string>>;
}

/** Longest value repeated in a message. */
const shownLengthMax = 80;

function shown(text: string): string {
  return `"${text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text}"`;
}

/** Text as the schema's type; text that is no such value is returned as it is, for the schema to refuse. */
function typed(setting: Setting, text: string): unknown {
  const trimmed = text.trim();
  if (setting.kind === 'integer' || setting.kind === 'number') return /^[+-]?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : text;
  if (setting.kind === 'boolean') return /^true$/i.test(trimmed) ? true : /^false$/i.test(trimmed) ? false : text;
  if (setting.kind === 'choice') return setting.choices.find((choice) => choice.toLowerCase() === trimmed.toLowerCase()) ?? text;
  return trimmed;
}

function refusal(setting: Setting, entry: ConfigEntry, message: string | undefined): string {
  const range = setting.kind === 'text' && message !== undefined ? message : `must be ${allowedRange(setting)}`;
  return `${setting.key} is ${shown(entry.text)} (${entry.origin}): ${range}`;
}

function strangerWarning(entry: ConfigEntry, input: ConfigInput): string {
  const reason = Object.hasOwn(input.ignored, entry.key) ? input.ignored[entry.key] : undefined;
  if (reason !== undefined) return `${entry.key} (${entry.origin}) has no effect here: ${reason}`;
  const nearest = nearestName(entry.key, [...input.settings.keys(), ...Object.keys(input.ignored)]);
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return `${entry.key} (${entry.origin}) is not a setting and has no effect${hint}`;
}

/**
 * Merges the entries and checks each value against its schema.
 * @throws KiteError `KITE_CONFIG_INVALID`: one line per problem with key, value, origin and what is allowed; `details.problems` has them apart.
 */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const chosen = new Map<string, ConfigEntry>();
  const warnings: string[] = [];
  for (const entry of input.entries) {
    if (input.settings.has(entry.key)) chosen.set(entry.key, entry);
    else warnings.push(strangerWarning(entry, input));
  }
  const values: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  const problems: string[] = [];
  for (const setting of input.settings.values()) {
    const entry = chosen.get(setting.key);
    const parsed = setting.schema.safeParse(entry === undefined ? undefined : typed(setting, entry.text));
    if (parsed.success) {
      if (parsed.data !== undefined) values[setting.key] = parsed.data;
      if (entry !== undefined) origins.set(setting.key, entry.origin);
    } else if (entry === undefined) {
      problems.push(`${setting.key} is missing: it must be ${allowedRange(setting)}`);
    } else {
      problems.push(refusal(setting, entry, parsed.error.issues[0]?.message));
    }
  }
  if (problems.length > 0) throw new KiteError('KITE_CONFIG_INVALID', problems.join('\n'), { details: { problems } });
  return { values, origins, warnings };
}

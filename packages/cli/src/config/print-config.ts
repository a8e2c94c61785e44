import type { LoadedConfig } from './load-config.ts';
import type { Setting } from './setting.ts';

/** A value as a properties file takes it: backslashes and line ends escaped. */
function propertyText(value: unknown): string {
  return String(value).replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}

/** The effective configuration as a properties file that gives the same configuration again; says where each value came from. */
export function printConfig(settings: ReadonlyMap<string, Setting>, config: LoadedConfig): string {
  const lines: string[] = [];
  for (const key of settings.keys()) {
    const value = config.values[key];
    const origin = config.origins.get(key);
    if (value === undefined) {
      lines.push(`# ${key} is not set`);
      continue;
    }
    if (origin !== undefined) lines.push(`# from ${origin}`);
    lines.push(`${origin === undefined ? '# default\n' : ''}${key}=${propertyText(value)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The same as data: `{ key: { value, origin } }`. */
export function configAsJson(settings: ReadonlyMap<string, Setting>, config: LoadedConfig): Record<string, { value: unknown; origin: string }> {
  const all: Record<string, { value: unknown; origin: string }> = {};
  for (const key of settings.keys()) all[key] = { value: config.values[key] ?? null, origin: config.origins.get(key) ?? 'default' };
  return all;
}

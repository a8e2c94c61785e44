import { writeProperties } from '@kitemq/protocol';
import type { LoadedConfig } from './load-config.ts';
import type { Setting } from './setting.ts';

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
    lines.push(origin === undefined ? '# default' : `# from ${origin}`, writeProperties([[key, String(value)]]).trimEnd());
  }
  return `${lines.join('\n')}\n`;
}

/** The same as data: `{ key: { value, origin } }`. */
export function configAsJson(settings: ReadonlyMap<string, Setting>, config: LoadedConfig): Record<string, { value: unknown; origin: string }> {
  const all: Record<string, { value: unknown; origin: string }> = {};
  for (const key of settings.keys()) all[key] = { value: config.values[key] ?? null, origin: config.origins.get(key) ?? 'default' };
  return all;
}

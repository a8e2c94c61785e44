import { allowedRange, type Setting } from './setting.ts';

function defaultText(setting: Setting): string {
  if (setting.required) return 'required';
  if (setting.defaultValue === undefined || setting.defaultValue === '') return 'unset';
  return String(setting.defaultValue);
}

/** The list of all settings for `--help`: key, default with unit, what is allowed, what it does. */
export function settingsHelp(settings: ReadonlyMap<string, Setting>): string {
  const lines = ['Settings (in the config file, as --set key=value, or in the environment as KITEMQ_KEY):'];
  for (const setting of settings.values()) {
    const unit = setting.unit === undefined || setting.required ? '' : ` ${setting.unit}`;
    lines.push(`  ${setting.key}=${defaultText(setting)}${unit}  [${allowedRange(setting)}]`, `      ${setting.description}`);
  }
  return lines.join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** The same as a Markdown table, for `docs/config.md`. */
export function settingsTable(settings: ReadonlyMap<string, Setting>): string {
  const lines = ['| key | default | unit | allowed | takes effect | what it does |', '| --- | --- | --- | --- | --- | --- |'];
  for (const setting of settings.values()) {
    const apply = setting.apply === 'runtime' ? 'at once' : 'at start';
    const allowed = allowedRange({ ...setting, unit: undefined });
    const columns = [`\`${setting.key}\``, `\`${defaultText(setting)}\``, setting.unit ?? '', allowed, apply, setting.description];
    lines.push(`| ${columns.map(cell).join(' | ')} |`);
  }
  return lines.join('\n');
}


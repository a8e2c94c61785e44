import { dirname } from 'node:path';
import { readProperties, writeProperties } from '@kitemq/protocol';
import type { Disk, Logger } from '@kitemq/runtime';
import { ensureDirectorySync, KiteError } from '@kitemq/runtime';
import type { NameserverSettings } from '../settings.ts';
import { nameserverSettings } from '../settings.ts';

/** A key of the schema as this file needs it. */
interface SettingSchema {
  meta(): { apply?: string } | undefined;
  safeParse(value: unknown): { success: boolean; data?: unknown; error?: { issues: readonly { message: string }[] } };
}

const schemaOf = (key: string): SettingSchema | undefined => (Object.hasOwn(nameserverSettings.shape, key) ? (nameserverSettings.shape[key] as unknown as SettingSchema) : undefined);

export interface RuntimeConfigOptions {
  readonly disk: Disk;
  readonly logger: Logger;
  readonly settings: NameserverSettings;
}

/** The settings in force. Peers may change the few that are marked `apply: 'runtime'`, within their ranges; all or nothing. */
export class RuntimeConfig {
  private readonly options: RuntimeConfigOptions;
  private current: NameserverSettings;

  constructor(options: RuntimeConfigOptions) {
    this.options = options;
    this.current = options.settings;
  }

  get settings(): NameserverSettings {
    return this.current;
  }

  /** All settings as properties text. Nothing in them is secret. */
  text(): string {
    return writeProperties(Object.entries(this.current).map(([key, value]): [string, string] => [key, String(value)]));
  }

  /** @throws KiteError `KITE_CONFIG_DENIED` for a key that is not to be changed, `KITE_CONFIG_INVALID` for a value out of range */
  update(propertiesText: string, peer: string): void {
    const changes: Record<string, unknown> = {};
    for (const { key, value } of readProperties(propertiesText)) changes[key] = checked(key, value);
    const next = { ...this.current, ...changes };
    this.persist(next);
    this.options.logger.warn({ peer, changes }, 'settings were changed at run time');
    this.current = next;
  }

  private persist(next: NameserverSettings): void {
    const path = this.current.configStorePath;
    if (path === '') return;
    const text = writeProperties(Object.entries(next).map(([key, value]): [string, string] => [key, String(value)]));
    try {
      ensureDirectorySync(this.options.disk, dirname(path));
      this.options.disk.replaceFileSync(path, Buffer.from(text));
    } catch (error) {
      throw new KiteError('KITE_CONFIG_WRITE', `The settings could not be written: ${(error as Error).message}`, { cause: error });
    }
  }
}

function checked(key: string, text: string): unknown {
  const schema = schemaOf(key);
  if (schema?.meta()?.apply !== 'runtime') {
    throw new KiteError('KITE_CONFIG_DENIED', `${key} cannot be changed at run time.`, { details: { key } });
  }
  const result = schema.safeParse(valueOf(text.trim()));
  if (result.success) return result.data;
  throw new KiteError('KITE_CONFIG_INVALID', `${key}: ${result.error!.issues.map((issue) => issue.message).join('; ')}`, { details: { key } });
}

/** Text of a properties file as the value it stands for. */
function valueOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

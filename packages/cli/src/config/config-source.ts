/** One key as somebody wrote it, and where: `broker.conf:12`, `environment KITEMQ_LISTEN_PORT`, `--set`. */
export interface ConfigEntry {
  readonly key: string;
  readonly text: string;
  readonly origin: string;
}

const prefix = 'KITEMQ_';

/** Variables that belong to other parts of KiteMQ, not to a service's settings. */
const reserved = new Set(['KITEMQ_VERIFY', 'KITEMQ_VERSION', 'KITEMQ_LOG_LEVEL', 'KITEMQ_LOG_FORMAT', 'KITEMQ_NAMESERVER', 'KITEMQ_START']);

function squeeze(name: string): string {
  return name.replaceAll('_', '').toUpperCase();
}

/** `listenPort` → `KITEMQ_LISTEN_PORT`. */
export function environmentName(key: string): string {
  return prefix + key.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

/**
 * The settings in the environment: `KITEMQ_LISTEN_PORT`, `KITEMQ_listenPort` and `KITEMQ_LISTENPORT` all mean `listenPort`.
 * A name that fits no key is handed on as it is, so that it is warned about. Apache's `NAMESRV_ADDR` is taken where `namesrvAddr` is known.
 */
export function environmentEntries(environment: Readonly<Record<string, string | undefined>>, keys: Iterable<string>): ConfigEntry[] {
  const bySqueezed = new Map<string, string>();
  for (const key of keys) bySqueezed.set(squeeze(key), key);
  const entries: ConfigEntry[] = [];
  const namesrvAddr = environment['NAMESRV_ADDR'];
  if (namesrvAddr !== undefined && namesrvAddr !== '' && bySqueezed.has('NAMESRVADDR')) {
    entries.push({ key: 'namesrvAddr', text: namesrvAddr, origin: 'environment NAMESRV_ADDR' });
  }
  for (const [name, text] of Object.entries(environment)) {
    if (text === undefined || !name.startsWith(prefix) || reserved.has(name)) continue;
    const rest = name.slice(prefix.length);
    entries.push({ key: bySqueezed.get(squeeze(rest)) ?? rest, text, origin: `environment ${name}` });
  }
  return entries;
}

/** Splits `key=value` of a `--set` flag. Undefined when there is no `=` or no key. */
export function setEntry(assignment: string): ConfigEntry | undefined {
  const at = assignment.indexOf('=');
  if (at <= 0) return undefined;
  const key = assignment.slice(0, at).trim();
  return { key, text: assignment.slice(at + 1).trim(), origin: `--set ${key}` };
}

import { type Disk, KiteError } from '@kitemq/runtime';
import { readProperties } from '@kitemq/protocol';
import type { ConfigEntry } from './config-source.ts';

/** A configuration file is a page or two; more is a wrong path. */
const fileBytesMax = 1024 * 1024;

const readReasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'it is a directory',
};

/**
 * The settings in a Java properties file, as Apache's services read it; each entry says its line.
 * @param shownPath how the user wrote the path
 * @throws KiteError `KITE_CONFIG_INVALID` when it cannot be read
 */
export function readConfigFile(disk: Disk, path: string, shownPath: string): ConfigEntry[] {
  let text: string;
  try {
    const size = disk.statSync(path)?.size ?? 0;
    if (size > fileBytesMax) throw new KiteError('KITE_CONFIG_INVALID', `--config ${shownPath}: the file has ${size} bytes, which is no configuration file`);
    text = Buffer.from(disk.readFileSync(path)).toString('utf8');
  } catch (error) {
    if (KiteError.is(error)) throw error;
    const reason = readReasons[(error as NodeJS.ErrnoException).code ?? ''] ?? (error as Error).message;
    throw new KiteError('KITE_CONFIG_INVALID', `--config ${shownPath}: ${reason}`, { cause: error });
  }
  return readProperties(text).map(({ key, value, line }) => ({ key, text: value, origin: `${shownPath}:${line}` }));
}

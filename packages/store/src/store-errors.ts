import { KiteError } from '@kitemq/runtime';

/** Says what an error met while opening the store means for the operator. */
export function startError(path: string, cause: unknown): KiteError {
  const details = { path };
  if (KiteError.is(cause, 'KITE_DISK_LOCKED')) {
    const { pid } = cause.details;
    return new KiteError('KITE_STORE_LOCKED', `The store ${path} is in use by another process${pid === undefined ? '' : ` (${String(pid)})`}; stop that one or choose another folder`, {
      cause,
      details: { path, pid },
    });
  }
  if (KiteError.is(cause) && cause.code.startsWith('KITE_STORE_')) return cause;
  switch ((cause as { code?: unknown } | undefined)?.code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'KITE_STORE_NO_SPACE':
      return new KiteError('KITE_STORE_NO_SPACE', `The disk that holds ${path} is full; free some space, then start again`, { cause, retryable: true, details });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new KiteError('KITE_STORE_NO_PERMISSION', `No permission to read and write ${path}; change its owner or choose another folder`, { cause, details });
    default:
      return new KiteError('KITE_STORE_UNREADABLE', `The store ${path} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`, { cause, details });
  }
}

const texts: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EISDIR: 'illegal operation on a directory',
  ENOTDIR: 'not a directory',
  ENOSPC: 'no space left on device',
  EIO: 'i/o error',
  EBADF: 'bad file descriptor',
};

/** An error as Node's file system functions throw it. */
export const systemError = (code: string, call: string, path: string): Error =>
  Object.assign(new Error(`${code}: ${texts[code] ?? 'error'}, ${call} '${path}'`), { code, syscall: call, path });

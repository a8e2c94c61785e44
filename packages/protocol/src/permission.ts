/** Bits of a queue's `perm` (PermName). */
export const Permission = {
  inherit: 1,
  write: 2,
  read: 4,
  priority: 8,
  readWrite: 6,
  readWriteInherit: 7,
} as const;

/** True when messages may be read with this `perm`. */
export function isReadable(perm: number): boolean {
  return (perm & Permission.read) !== 0;
}

/** True when messages may be written with this `perm`. */
export function isWriteable(perm: number): boolean {
  return (perm & Permission.write) !== 0;
}

/** True when topics made from this template take its permission over. */
export function isInherited(perm: number): boolean {
  return (perm & Permission.inherit) !== 0;
}

/** As mqadmin prints it: `RWX`, `RW-`, `---`. */
export function permissionText(perm: number): string {
  return `${isReadable(perm) ? 'R' : '-'}${isWriteable(perm) ? 'W' : '-'}${isInherited(perm) ? 'X' : '-'}`;
}

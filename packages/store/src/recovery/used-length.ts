const zeros: Buffer = Buffer.alloc(1024 * 1024);

/** Length of the chunk's first `length` bytes without trailing zeros. */
export function usedLength(chunk: Buffer, length: number): number {
  // Compared with memcmp first: hundreds of megabytes of zeros are the usual case.
  if (length <= zeros.length && chunk.compare(zeros, 0, length, 0, length) === 0) return 0;
  let used = length;
  while (used >= 8 && chunk.readDoubleLE(used - 8) === 0 && chunk[used - 1] === 0) used -= 8;
  while (used > 0 && chunk[used - 1] === 0) used--;
  return used;
}

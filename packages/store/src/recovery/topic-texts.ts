const slots = 1024;

/** Makes the text of a topic once, however often it comes: records name theirs in bytes, and most are among the last ones. */
export class TopicTexts {
  readonly #bytes: (Buffer | undefined)[] = Array.from({ length: slots }, () => undefined);
  readonly #texts: string[] = Array.from({ length: slots }, () => '');

  find(source: Buffer, start: number, end: number): string {
    let hash = end - start;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (source[at] as number)) | 0;
    const slot = (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (slots - 1);
    const known = this.#bytes[slot];
    if (known !== undefined && isSame(known, source, start, end)) return this.#texts[slot] as string;
    const text = source.toString('utf8', start, end);
    this.#bytes[slot] = Buffer.from(source.subarray(start, end));
    this.#texts[slot] = text;
    return text;
  }
}

function isSame(known: Buffer, source: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let index = 0; index < known.length; index++) if (known[index] !== source[start + index]) return false;
  return true;
}

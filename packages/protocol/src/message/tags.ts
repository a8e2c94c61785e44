/** Java's String.hashCode: over UTF-16 units, in 32 bits. */
export function javaHashCode(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

/** {@link javaHashCode} of the text that the UTF-8 bytes `[start, end)` encode, without making it. */
export function hashOfUtf8(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at++) {
    const unit = bytes[at]!;
    if (unit >= 0x80) return javaHashCode(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8'));
    hash = (Math.imul(hash, 31) + unit) | 0;
  }
  return hash;
}

/** Everything matches. */
export const allTags = '*';

/** The tags of an expression (`A || B`), without duplicates; empty when it takes all (`*`, or nothing). */
export function parseTagExpression(expression: string | undefined): string[] {
  if (expression === undefined || expression.trim() === '' || expression === allTags) return [];
  const tags = new Set<string>();
  for (const part of expression.split('||')) {
    const tag = part.trim();
    if (tag !== '') tags.add(tag);
  }
  return [...tags];
}

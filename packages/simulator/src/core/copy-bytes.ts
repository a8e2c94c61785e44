/** A copy of `source[start, end)`. Not `slice`: on a Buffer that is a view. */
export const copyBytes = (source: Uint8Array, start = 0, end: number = source.length): Uint8Array => new Uint8Array(source.subarray(start, end));

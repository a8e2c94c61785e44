const int32Min = -2_147_483_648;
const int32Max = 2_147_483_647;

/**
 * Reads a decimal as Java's parseInt and parseLong do (optional sign, digits only), clamped to ±(2^53 − 1).
 * NaN when the text is no number or has more than 19 digits.
 */
export function longFromText(text: string): number {
  let at = 0;
  let negative = false;
  const first = text.charCodeAt(0);
  if (first === 0x2d || first === 0x2b) {
    negative = first === 0x2d;
    at = 1;
  }
  const digits = text.length - at;
  if (digits < 1 || digits > 19) return Number.NaN;
  let value = 0;
  for (; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  if (value > Number.MAX_SAFE_INTEGER) value = Number.MAX_SAFE_INTEGER;
  return negative && value !== 0 ? -value : value;
}

/** As {@link longFromText}, NaN also for what does not fit in 32 bits. */
export function intFromText(text: string): number {
  const value = longFromText(text);
  return value < int32Min || value > int32Max ? Number.NaN : value;
}

/** Java's parseBoolean: "true" in any case, everything else is false. */
export function booleanFromText(text: string): boolean {
  return text === 'true' || (text.length === 4 && text.toLowerCase() === 'true');
}

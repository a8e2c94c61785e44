const digits = 20;

/** Apache's name of a segment: the log position of its first byte, 20 digits. */
export function segmentName(position: number): string {
  return String(position).padStart(digits, '0');
}

/** The position a segment's name says, or undefined when it is not the name of a segment. */
export function segmentPosition(name: string): number | undefined {
  if (!/^\d{20}$/.test(name)) return undefined;
  const position = Number(name);
  return Number.isSafeInteger(position) ? position : undefined;
}

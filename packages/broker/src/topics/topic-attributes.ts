/** Attributes that are ours; Apache's brokers do not know them. */
export const TopicAttribute = {
  /** `SYNC`: sends to the topic are answered when the disk has them, also by a broker with ASYNC_FLUSH. `ASYNC` (default): as the broker says. */
  flushMode: 'flush.mode',
  /**
   * How long, in ms after it was stored, a message may be delivered at most; its property MSG_TTL_MS may say less. 0 (default): as long as each message
   * says. -1: for ever, whatever messages say.
   */
  messageTtl: 'message.ttl',
} as const;

/** What an attribute may be. */
interface AttributeRule {
  readonly values?: readonly string[];
  readonly range?: readonly [minimum: number, maximum: number];
  /** False: decided when the topic is made. */
  readonly changeable: boolean;
}

const rules: Readonly<Record<string, AttributeRule>> = {
  'queue.type': { values: ['SimpleCQ', 'BatchCQ'], changeable: false },
  'cleanup.policy': { values: ['DELETE', 'COMPACTION'], changeable: false },
  'message.type': { values: ['UNSPECIFIED', 'NORMAL', 'FIFO', 'DELAY', 'TRANSACTION', 'MIXED', 'PRIORITY', 'LITE'], changeable: true },
  // Own: bytes of a topic's records that are kept.
  'reserve.bytes': { range: [-1, Number.MAX_SAFE_INTEGER], changeable: true },
  'reserve.time': { range: [-1, Number.MAX_SAFE_INTEGER], changeable: true },
  'lite.topic.expiration': { range: [-1, 43_200], changeable: true },
  [TopicAttribute.flushMode]: { values: ['ASYNC', 'SYNC'], changeable: true },
  [TopicAttribute.messageTtl]: { range: [-1, Number.MAX_SAFE_INTEGER], changeable: true },
};

/** Longest attribute list taken, in characters. */
const textLengthMax = 8_192;

/** What `+key=value,-key` asks for, or why it cannot be had. */
export type AttributeChange = { readonly attributes: Record<string, string> } | { readonly error: string };

function checkValue(key: string, rule: AttributeRule, value: string): string | undefined {
  if (rule.values !== undefined) return rule.values.includes(value) ? undefined : `attribute ${key} must be one of ${rule.values.join(', ')}, not "${value}"`;
  const [minimum, maximum] = rule.range!;
  const number = /^-?\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  return number >= minimum && number <= maximum ? undefined : `attribute ${key} must be a whole number from ${minimum} to ${maximum}, not "${value}"`;
}

/**
 * Applies a change to a topic's attributes; `current` is undefined for a topic that is being made, which may only set them.
 */
export function changeAttributes(text: string, current: Readonly<Record<string, string>> | undefined): AttributeChange {
  const attributes: Record<string, string> = { ...current };
  if (text.length > textLengthMax) return { error: `attributes are longer than ${textLengthMax} characters` };
  const seen = new Set<string>();
  for (const part of text.split(',').map((piece) => piece.trim()).filter((piece) => piece !== '')) {
    const remove = part.startsWith('-');
    if (!remove && !part.startsWith('+')) return { error: `attribute "${part}" must begin with + or -` };
    const separator = part.indexOf('=');
    const key = part.slice(1, separator < 0 ? undefined : separator).trim();
    if (!Object.hasOwn(rules, key)) return { error: `unsupported key: ${key}` };
    if (seen.has(key)) return { error: `key duplication: ${key}` };
    seen.add(key);
    const rule = rules[key]!;
    if (remove) {
      if (current === undefined) return { error: 'only add attribute is supported while creating topic' };
      if (!Object.hasOwn(current, key)) return { error: `attempt to delete a nonexistent key: ${key}` };
      if (!rule.changeable) return { error: `attempt to update an unchangeable attribute: ${key}` };
      delete attributes[key];
      continue;
    }
    if (separator < 0) return { error: `attribute ${key} has no value` };
    const value = part.slice(separator + 1).trim();
    const error = checkValue(key, rule, value);
    if (error !== undefined) return { error };
    if (current !== undefined && !rule.changeable && (current[key] ?? rule.values?.[0]) !== value) return { error: `attempt to update an unchangeable attribute: ${key}` };
    attributes[key] = value;
  }
  return { attributes };
}

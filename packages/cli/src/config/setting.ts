import type * as z from 'zod';

/** What one configuration key takes, read from the zod schema that a service package declares. */
export interface Setting {
  readonly key: string;
  readonly kind: 'integer' | 'number' | 'boolean' | 'text' | 'choice';
  /** What numbers count: `ms`, `bytes`, `%`, … */
  readonly unit: string | undefined;
  /** Undefined when the key has no default: it must be given, or is optional. */
  readonly defaultValue: unknown;
  readonly required: boolean;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  /** The allowed words of a choice. */
  readonly choices: readonly string[];
  readonly description: string;
  /** Whether a change takes effect at run time (UPDATE_BROKER_CONFIG) or at the next start. */
  readonly apply: 'start' | 'runtime';
  readonly schema: z.ZodType;
}

interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly defaultValue?: unknown;
}

interface Meta {
  readonly description?: string;
  readonly unit?: string;
  readonly apply?: 'start' | 'runtime';
}

function definitionOf(schema: z.ZodType): Definition {
  return schema.def as unknown as Definition;
}

/** Number limits that zod sets by itself for `int()` say nothing to a reader. */
function bound(value: unknown): number | undefined {
  return typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;
}

function kindOf(type: string, schema: z.ZodType): Setting['kind'] {
  if (type === 'number' || type === 'int') return (schema as z.ZodNumber).format?.includes('int') === true ? 'integer' : 'number';
  if (type === 'boolean') return 'boolean';
  if (type === 'enum') return 'choice';
  return 'text';
}

function describe(key: string, declared: z.ZodType): Setting {
  let schema = declared;
  let meta: Meta = {};
  let defaultValue: unknown;
  let required = true;
  for (;;) {
    meta = { ...(schema.meta() as Meta | undefined), ...meta };
    const definition = definitionOf(schema);
    if (definition.innerType === undefined) break;
    if (definition.type === 'default' || definition.type === 'prefault') defaultValue ??= definition.defaultValue;
    if (definition.type !== 'readonly') required = false;
    schema = definition.innerType;
  }
  const kind = kindOf(definitionOf(schema).type, schema);
  const numeric = kind === 'integer' || kind === 'number';
  return {
    key,
    kind,
    unit: meta.unit,
    defaultValue,
    required,
    minimum: numeric ? bound((schema as z.ZodNumber).minValue) : undefined,
    maximum: numeric ? bound((schema as z.ZodNumber).maxValue) : undefined,
    choices: kind === 'choice' ? (schema as z.ZodEnum).options.map(String) : [],
    description: meta.description ?? '',
    apply: meta.apply ?? 'start',
    schema: declared,
  };
}

/** The keys of a settings schema, in its order. */
export function settingsOf(schema: z.ZodObject): ReadonlyMap<string, Setting> {
  const settings = new Map<string, Setting>();
  for (const [key, declared] of Object.entries(schema.shape)) settings.set(key, describe(key, declared as z.ZodType));
  return settings;
}

/** A schema with a pattern says in its message what it wants. */
function allowedText(setting: Setting): string {
  const refused = setting.schema.safeParse('\0');
  const message = refused.success ? undefined : refused.error.issues[0]?.message;
  return message?.startsWith('must be ') === true ? message.slice('must be '.length) : 'text';
}

/** What a key accepts, in words: `a whole number from 1 to 65535`. */
export function allowedRange(setting: Setting): string {
  if (setting.kind === 'boolean') return 'true or false';
  if (setting.kind === 'choice') return `one of ${setting.choices.join(', ')}`;
  if (setting.kind === 'text') return allowedText(setting);
  const noun = setting.kind === 'integer' ? 'a whole number' : 'a number';
  const unit = setting.unit === undefined ? '' : ` (${setting.unit})`;
  const { minimum, maximum } = setting;
  if (minimum !== undefined && maximum !== undefined) return `${noun} from ${minimum} to ${maximum}${unit}`;
  if (minimum !== undefined) return `${noun}, at least ${minimum}${unit}`;
  if (maximum !== undefined) return `${noun}, at most ${maximum}${unit}`;
  return `${noun}${unit}`;
}

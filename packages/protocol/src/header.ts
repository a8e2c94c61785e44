/**
 * Headers as data. A header is declared once, as a table of fields; its TypeScript type, its encoders and decoders
 * (JSON, ROCKETMQ, MSGPACK), its documentation and its fuzz inputs come from that table.
 */

/** How a field's value is represented: on the wire all of them are text. */
export type FieldKind = 'string' | 'int' | 'long' | 'boolean';

/** One field of a header. `wireName` is the key in `extFields`. */
export interface Field<T, Required extends boolean> {
  readonly kind: FieldKind;
  readonly required: Required;
  /** The key on the wire where it differs from the property's name (`a` for `producerGroup` in V2 sends). */
  readonly wireName: string | undefined;
  /** Phantom: carries the type only. */
  readonly __type?: T;
}

const make =
  <T>(kind: FieldKind) =>
  <Required extends boolean>(required: Required, wireName?: string): Field<T, Required> => ({ kind, required, wireName });

const stringField = make<string>('string');
const numberField = { int: make<number>('int'), long: make<number>('long') };
const booleanField = make<boolean>('boolean');

/** Fields that must be there. `long` is exact to ±(2^53 − 1); wire values beyond that are clamped to it. */
export const required = {
  string: (wireName?: string): Field<string, true> => stringField(true, wireName),
  int: (wireName?: string): Field<number, true> => numberField.int(true, wireName),
  long: (wireName?: string): Field<number, true> => numberField.long(true, wireName),
  boolean: (wireName?: string): Field<boolean, true> => booleanField(true, wireName),
};

/** Fields that may be absent. */
export const optional = {
  string: (wireName?: string): Field<string, false> => stringField(false, wireName),
  int: (wireName?: string): Field<number, false> => numberField.int(false, wireName),
  long: (wireName?: string): Field<number, false> => numberField.long(false, wireName),
  boolean: (wireName?: string): Field<boolean, false> => booleanField(false, wireName),
};

export type FieldTable = Readonly<Record<string, Field<unknown, boolean>>>;

type ValueOf<F> = F extends Field<infer T, boolean> ? T : never;
type RequiredKeys<F extends FieldTable> = { [K in keyof F]: F[K] extends Field<unknown, true> ? K : never }[keyof F];

/** The values of a header as the code sees them. */
export type HeaderValues<F extends FieldTable> = { readonly [K in RequiredKeys<F>]: ValueOf<F[K]> } & {
  readonly [K in Exclude<keyof F, RequiredKeys<F>>]?: ValueOf<F[K]> | undefined;
};

export interface HeaderSchema<F extends FieldTable = FieldTable> {
  /** The Java class that declares the same header. */
  readonly name: string;
  readonly fields: F;
  /** Apache's fast codecs refuse a missing required field; all other headers take the type's zero value for it. */
  readonly strict: boolean;
}

/** The TypeScript type that a schema stands for. */
export type HeaderOf<S> = S extends HeaderSchema<infer F> ? HeaderValues<F> : never;

export function defineHeader<const F extends FieldTable>(name: string, fields: F, options: { strict?: boolean } = {}): HeaderSchema<F> {
  return { name, fields, strict: options.strict ?? false };
}

const namespaceFields = { namespace: optional.string('ns'), namespaced: optional.boolean('nsd') } as const;
const logicalField = { logical: optional.boolean('lo') } as const;
const callFields = { oneway: optional.boolean('oway') } as const;

/** Keys that any request may carry besides its own (RpcRequestHeader, TopicRequestHeader). */
export const rpcFields = { ...namespaceFields, brokerName: optional.string('bname'), ...callFields } as const;
export const topicFields = { ...rpcFields, ...logicalField } as const;
/** The same for headers that have a broker name of their own: there, `bname` is left to `ext`. */
export const topicFieldsUnnamed = { ...namespaceFields, ...callFields, ...logicalField } as const;

/** No fields of its own. */
export const emptyHeader = defineHeader('Empty', {});

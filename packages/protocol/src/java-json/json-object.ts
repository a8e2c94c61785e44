/** A parsed value. What is plain JSON has plain objects; where Java's dialect was needed, {@link JsonObject} keeps the entries in order, for a key may itself be an object. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject | PlainJsonObject;

/** As `JSON.parse` makes them: each entry is an own property, whatever its name. */
export interface PlainJsonObject {
  readonly [key: string]: JsonValue;
}

/** The entries of a JSON object. Nothing is ever looked up on a prototype. */
export class JsonObject {
  readonly keys: (string | JsonObject)[] = [];
  readonly values: JsonValue[] = [];

  add(key: string | JsonObject, value: JsonValue): void {
    this.keys.push(key);
    this.values.push(value);
  }
}

/** True for an object of either kind. */
export function isJsonObject(value: JsonValue): value is JsonObject | PlainJsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A parsed value. Objects keep their entries in order: in Java's JSON a key may itself be an object. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/** The entries of a JSON object. Nothing is ever looked up on a prototype. */
export class JsonObject {
  readonly keys: (string | JsonObject)[] = [];
  readonly values: JsonValue[] = [];

  add(key: string | JsonObject, value: JsonValue): void {
    this.keys.push(key);
    this.values.push(value);
  }
}

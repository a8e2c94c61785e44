import { isJsonObject, JsonObject } from '../java-json/json-object.ts';
import type { JsonValue } from '../java-json/json-object.ts';
import { longFromText } from '../header/text-number.ts';
import { readJavaJson } from '../java-json/java-json-reader.ts';
import { MessageQueueMap } from './message-queue-map.ts';
import type { MessageQueueKey } from './message-queue-map.ts';
import { bodyInvalid } from './shape.ts';
import type { Shape } from './shape.ts';

/** A map with text keys. */
export function mapOf<T>(shape: Shape<T>): Shape<Map<string, T>> {
  const label = `map<string, ${shape.label}>`;
  return {
    label,
    absent: () => new Map(),
    read: (value) => {
      const map = new Map<string, T>();
      eachEntry(label, value, (key, item) => {
        if (typeof key !== 'string') throw bodyInvalid('string', key);
        map.set(key, item === null ? shape.absent() : shape.read(item));
      });
      return map;
    },
    write: (map) => writeEntries(map, JSON.stringify, shape),
  };
}

/** A map with whole numbers as keys. They are written quoted, which every reader takes, and read either way. */
export function numberMapOf<T>(shape: Shape<T>): Shape<Map<number, T>> {
  const label = `map<long, ${shape.label}>`;
  return {
    label,
    absent: () => new Map(),
    read: (value) => {
      const map = new Map<number, T>();
      eachEntry(label, value, (key, item) => {
        const number = typeof key === 'string' ? longFromText(key) : Number.NaN;
        if (Number.isNaN(number)) throw bodyInvalid('a number as key', key);
        map.set(number, item === null ? shape.absent() : shape.read(item));
      });
      return map;
    },
    write: (map) => writeEntries(map, (key) => `"${key}"`, shape),
  };
}

/** A map with message queues as keys: written as fastjson does, the object in the key's place; a quoted key is read too. */
export function queueMapOf<T>(shape: Shape<T>): Shape<MessageQueueMap<T>> {
  const label = `map<MessageQueue, ${shape.label}>`;
  return {
    label,
    absent: () => new MessageQueueMap<T>(),
    read: (value) => {
      const map = new MessageQueueMap<T>();
      eachEntry(label, value, (key, item) => map.set(queueFrom(key), item === null ? shape.absent() : shape.read(item)));
      return map;
    },
    write: (map) => writeEntries(map, queueText, shape),
  };
}

/** Only where the dialect was needed is a key an object. */
type JsonKey = string | JsonObject;

function eachEntry(label: string, value: JsonValue, visit: (key: JsonKey, item: JsonValue) => void): void {
  if (!isJsonObject(value)) throw bodyInvalid(label, value);
  if (!(value instanceof JsonObject)) {
    for (const key of Object.keys(value)) visit(key, value[key]!);
    return;
  }
  for (let index = 0; index < value.keys.length; index++) visit(value.keys[index]!, value.values[index]!);
}

function writeEntries<K, T>(entries: Iterable<readonly [K, T]>, keyText: (key: K) => string, shape: Shape<T>): string {
  let text = '';
  for (const [key, item] of entries) {
    const written = shape.write(item);
    if (written !== undefined) text += `${text === '' ? '' : ','}${keyText(key)}:${written}`;
  }
  return `{${text}}`;
}

function queueText(key: MessageQueueKey): string {
  return `{"brokerName":${JSON.stringify(key.brokerName)},"queueId":${key.queueId},"topic":${JSON.stringify(key.topic)}}`;
}

function queueFrom(key: JsonKey): MessageQueueKey {
  const object = typeof key === 'string' ? readJavaJson(key) : key;
  if (!isJsonObject(object)) throw bodyInvalid('a message queue as key', object);
  let topic = '';
  let brokerName = '';
  let queueId = 0;
  eachEntry('MessageQueue', object, (name, value) => {
    if (name === 'topic' && typeof value === 'string') topic = value;
    else if (name === 'brokerName' && typeof value === 'string') brokerName = value;
    else if (name === 'queueId' && typeof value === 'number') queueId = value;
  });
  return { topic, brokerName, queueId };
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as protocol from '../src/index.ts';
import { decodeBatch, decodeFrame, decodeMessages, decodePropertyBytes, decodeRecord, encodeBatch, encodeProperties, encodeRecord, FrameSplitter, recordSizeOf, SerializeType } from '../src/index.ts';
import type { BodyCodec } from '../src/index.ts';
import { readJavaJson } from '../src/java-json/java-json-reader.ts';
import { isJsonObject, JsonObject } from '../src/java-json/json-object.ts';
import type { JsonValue } from '../src/java-json/json-object.ts';
import { allHeaders, encodeWhole, outgoing } from './support.ts';

/** Made by tools/codegen/java-goldens from Apache's own classes. */
const folder = new URL('goldens/', import.meta.url);
const load = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as T;

interface HeaderGolden { header: string; values: Record<string, string>; json: string; rocketmq: string }
interface RecordGolden { record: string; hex: string; fields: Record<string, string>; properties: Record<string, string>; body: string }
interface BatchGolden { hex: string; messages: { flag: number; body: string; properties: Record<string, string> }[] }

const headers = load<HeaderGolden[]>('headers.json');
const schemas = new Map(allHeaders.map((schema) => [schema.name, schema]));
/** Keys that our table leaves to `ext` or adds, by header. */
const undeclared: Record<string, string[]> = { SendMessageRequestHeaderV2: ['bname'], ConsumeMessageDirectlyResultRequestHeader: ['bname'] };

it('the goldens are those of the manifest', () => {
  const manifest = load<{ apacheRocketMq: string; sha256: Record<string, string> }>('manifest.json');
  expect(manifest.apacheRocketMq).toBe('5.5.0');
  for (const [name, sha256] of Object.entries(manifest.sha256)) expect(createHash('sha256').update(readFileSync(new URL(name, folder))).digest('hex'), name).toBe(sha256);
});

describe('headers written by Apache', () => {
  it('cover the commands', () => {
    expect(headers.length).toBeGreaterThan(100);
  });

  it.each(headers.map((golden) => [golden.header, golden] as const))('%s', (name, golden) => {
    const schema = schemas.get(name)!;
    const declared = Object.entries(schema.fields).map(([field, { wireName, kind }]) => [field, wireName ?? field, kind] as const);
    for (const [serializeType, hex] of [[SerializeType.json, golden.json], [SerializeType.rocketmq, golden.rocketmq]] as const) {
      const bytes = Buffer.from(hex, 'hex');
      const frame = decodeFrame(bytes, 0, bytes.length);
      expect(frame).toMatchObject({ serializeType, code: 310, language: 9, version: 513, opaque: 4711, flag: 0, remark: 'rémark "1"' });
      expect(Buffer.from(frame.body!).toString()).toBe('body');
      const sent = frame.ext.toObject();
      for (const [key, value] of Object.entries(golden.values)) if (key in sent) expect(sent[key], key).toBe(value);
      expect(Object.keys(sent).filter((key) => !declared.some(([, wire]) => wire === key) && !undeclared[name]?.includes(key))).toEqual([]);
      const values = frame.ext.read(schema) as Record<string, unknown>;
      for (const [field, wire] of declared) expect(values[field] === undefined ? undefined : String(values[field]), wire).toBe(sent[wire]);
      const rest = Object.fromEntries(Object.entries(sent).filter(([key]) => undeclared[name]?.includes(key)));
      const ours = encodeWhole(outgoing({ serializeType, code: 310, language: 9, opaque: 4711, remark: 'rémark "1"', schema, values, ext: rest }), Buffer.from('body'));
      expect({ ...decodeFrame(ours, 0, ours.length).ext.toObject() }).toEqual({ ...sent });
      if (serializeType === SerializeType.rocketmq) expect(ours.length).toBe(bytes.length);
    }
  });

  it('are found in a stream', () => {
    const splitter = new FrameSplitter();
    splitter.push(Buffer.concat(headers.flatMap((golden) => [Buffer.from(golden.json, 'hex'), Buffer.from(golden.rocketmq, 'hex')])));
    let count = 0;
    while (splitter.next()) count++;
    expect(count).toBe(headers.length * 2);
  });
});

/** Values without regard to the order of keys. */
function normal(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (!isJsonObject(value)) return value;
  if (!(value instanceof JsonObject)) return new Map(Object.entries(value).map(([key, item]) => [key, normal(item)]));
  return new Map(value.keys.map((key, index) => [typeof key === 'string' ? key : JSON.stringify([...(normal(key) as Map<string, unknown>)].sort()), normal(value.values[index]!)]));
}

describe('bodies written by Apache', () => {
  it.each(load<{ body: string; text: string }[]>('bodies.json').map((golden) => [golden.body, golden.text] as const))('%s', (name, text) => {
    const codec = (protocol as unknown as Record<string, BodyCodec<unknown>>)[name]!;
    const value = codec.decode(Buffer.from(text));
    const written = Buffer.from(codec.encode(value)!).toString();
    const theirs = normal(readJavaJson(text)) as Map<string, unknown>;
    const ours = normal(readJavaJson(written)) as Map<string, unknown>;
    for (const [key, item] of theirs) expect(ours.get(key), key).toEqual(item);
    expect(codec.decode(Buffer.from(written))).toEqual(value);
  });
});

describe('records written by Apache', () => {
  it.each(load<RecordGolden[]>('records.json').map((golden) => [golden.record, golden] as const))('%s', (_name, golden) => {
    const bytes = Buffer.from(golden.hex, 'hex');
    const [message] = decodeMessages(bytes);
    const { topic, queueId, flag, queueOffset, physicalOffset, bornTimestamp, storeTimestamp, reconsumeTimes, preparedTransactionOffset, bodyCrc, offsetMessageId } = message!;
    const fields = { topic, queueId, flag, queueOffset, physicalOffset, bornTimestamp, storeTimestamp, reconsumeTimes, preparedTransactionOffset, bodyCrc, offsetMessageId };
    expect(Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, String(value)]))).toEqual(golden.fields);
    expect({ ...message!.properties }).toEqual(golden.properties);
    expect(Buffer.from(message!.body).toString()).toBe(golden.body);
    const record = decodeRecord(bytes);
    const again = {
      ...fields, sysFlag: record.sysFlag, bornHost: record.bornHost, storeHost: record.storeHost, body: record.body, topic: record.topicBytes, properties: record.propertiesBytes,
    };
    const ours = Buffer.alloc(recordSizeOf(again));
    encodeRecord(ours, 0, again);
    ours.copy(bytes, 8, 8, 12);
    expect(ours.toString('hex')).toBe(bytes.toString('hex'));
  });
});

describe('batches written by Apache', () => {
  it.each(load<BatchGolden[]>('batches.json').map((golden) => [golden.messages.length, golden] as const))('of %i messages', (_count, golden) => {
    const messages = decodeBatch(Buffer.from(golden.hex, 'hex'));
    expect(messages.map(({ flag, body, properties }) => ({ flag, body: Buffer.from(body).toString(), properties: { ...decodePropertyBytes(properties) } }))).toEqual(golden.messages);
    expect(Buffer.from(encodeBatch(messages)).toString('hex')).toBe(golden.hex);
    for (const message of messages) {
      const text = Buffer.from(message.properties).toString();
      expect(encodeProperties(decodePropertyBytes(message.properties))).toBe(text);
    }
  });
});

import * as fc from 'fast-check';
import { commandByCode } from '@kitemq/protocol';
import type { BodyCodec } from '@kitemq/protocol';
import { emptyHeader } from '@kitemq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processorTable } from '../src/processor-table.ts';
import type { BrokerParts } from '../src/processor-table.ts';
import { TestBroker } from './support/test-broker.ts';

const parts = { context: { logger: {} }, send: { processV1: () => {}, processV2: () => {} }, pull: { process: () => {} } } as unknown as BrokerParts;
const codes = [...processorTable(parts).keys()].toSorted((a, b) => a - b);

let test: TestBroker;
beforeAll(async () => {
  test = await TestBroker.start();
  await test.subscribe('G', 'T');
  await test.createTopic('T', 2);
  await test.send('T', 'x', { props: { TAGS: 'a' } });
});
afterAll(() => test[Symbol.asyncDispose]());

const anyBytes: BodyCodec<Uint8Array> = { name: 'any bytes', encode: (bytes) => bytes, decode: (bytes) => bytes ?? new Uint8Array() };

/** What a peer may write into a field: right, nearly right, and wrong. */
const value = fc.oneof(
  fc.constantFrom('T', 'G', 'TBW102', '%RETRY%G', '0', '1', '-1', '2147483647', '9999999999999999999', 'true', '', 'x', '*', 'a||b', '||', 'SQL92', 'TAG', '\u0000', '{"stateVersion":1}', '../../etc', '__proto__'),
  fc.string({ maxLength: 20 }),
);
const body = fc.oneof(
  fc.constant(undefined),
  fc.uint8Array({ maxLength: 60 }),
  fc.constantFrom('{}', '[]', 'null', '{"clientID":1}', '{"consumerDataSet":[{}]}', '{"mqSet":[null]}', 'a=b', '\u0001', '{"topicConfigList":[{"topicName":"."}]}').map((text) => Buffer.from(text)),
);

describe('whatever a request says', () => {
  it.each(codes)('code %i is answered, and the broker goes on', async (code) => {
    const command = commandByCode(code)!;
    const names = Object.entries(command.request.fields).map(([name, field]) => (field as { wireName: string | undefined }).wireName ?? name);
    // A pull that may wait is right to wait: no suspension here. `oway` would be no request for an answer.
    const fuzzed = names.filter((name) => name !== 'suspendTimeoutMillis' && name !== 'oway');
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom('unknown', ...fuzzed), value, { maxKeys: 12 }), body, async (ext, bytes) => {
        const reply = await test.client.invoke(test.broker.address, { ...command, request: emptyHeader, requestBody: anyBytes }, {}, bytes, { ext: { ...ext }, timeoutMs: 15_000 });
        expect(Number.isInteger(reply.code)).toBe(true);
      }),
      { numRuns: 40 },
    );
    expect((await test.send('Alive', 'x')).code).toBe(0);
  });

  it('leaves no trace in the log but refusals', () => {
    const errors = test.logger.lines.filter(({ level, message }) => level === 'error' && message === 'a request failed');
    expect(errors.map(({ fields }) => fields)).toEqual([]);
  });
});

import { check } from './check.ts';

const idLength = 8;

/** A body that says which message it is, with content that follows from it. */
export const makeBody = (id: number, length: number): Uint8Array => {
  const body = Buffer.alloc(Math.max(idLength, length), `message ${id}, `);
  body.writeDoubleBE(id);
  return body;
};

/** The message that a body is of. @throws BrokenPromise when it is of none */
export const readBody = (body: Uint8Array): number => {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  check(bytes.length >= idLength, () => `a body of ${bytes.length} bytes was never sent`);
  const id = bytes.readDoubleBE();
  check(Number.isSafeInteger(id) && id > 0 && bytes.equals(makeBody(id, bytes.length)), () => `a body begins as message ${id}, but is not as it was sent`);
  return id;
};

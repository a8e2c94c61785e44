/** A promise that was broken. */
export class BrokenPromise extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BrokenPromise';
  }
}

/** @throws BrokenPromise unless `holds` */
export function check(holds: boolean, message: () => string): asserts holds {
  if (!holds) throw new BrokenPromise(message());
}

const brand: unique symbol = Symbol.for('kitemq.error') as never;

export interface KiteErrorOptions {
  readonly cause?: unknown;
  /** True when trying the same thing again later may succeed. Default false. */
  readonly retryable?: boolean;
  /** Numbers and names that a program may want; never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Every error KiteMQ throws: a stable `code`, a message that says what to do, the `cause`, and `details`. */
export class KiteError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: KiteErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'KiteError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
    Object.defineProperty(this, brand, { value: true });
  }

  /** True for errors of this and of any other installed copy of the package. */
  static is(error: unknown, code?: string): error is KiteError {
    return typeof error === 'object' && error !== null && brand in error && (code === undefined || (error as unknown as KiteError).code === code);
  }
}

/** Throws a `KITE_ASSERTION` when `condition` is false: a bug in KiteMQ, never bad input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new KiteError('KITE_ASSERTION', message);
}

import { KiteError } from '@kitemq/runtime';

/** Response codes on which another try, possibly at another broker, may succeed (Apache's `RETRY_RESPONSE_CODES`). */
export const retryableResponseCodes: ReadonlySet<number> = new Set([1, 2, 14, 16, 17, 204, 205, 1500]);

/** A server's refusal: `responseCode` is what it answered, `remark` its sentence. `code` is `KITE_BROKER_ERROR`. */
export class BrokerError extends KiteError {
  readonly responseCode: number;
  readonly remark: string;
  readonly address: string;

  constructor(what: string, address: string, responseCode: number, remark: string | undefined) {
    super('KITE_BROKER_ERROR', `${what} was refused by ${address} with code ${responseCode}: ${remark ?? 'no remark'}`, {
      retryable: retryableResponseCodes.has(responseCode),
      details: { responseCode, address },
    });
    this.name = 'BrokerError';
    this.responseCode = responseCode;
    this.remark = remark ?? '';
    this.address = address;
  }

  /** As `KiteError.is`, for refusals: also by another installed copy of the package. */
  static isRefusal(error: unknown, responseCode?: number): error is BrokerError {
    return (
      KiteError.is(error, 'KITE_BROKER_ERROR') && (responseCode === undefined || (error as BrokerError).responseCode === responseCode)
    );
  }
}

/** The call was aborted: by the caller's signal (its reason is the `cause`). */
export function aborted(what: string, cause?: unknown): KiteError {
  return new KiteError('KITE_ABORTED', `${what} was aborted`, { cause });
}

/** The client, producer or consumer was closed before or during the call. */
export function closed(what: string): KiteError {
  return new KiteError('KITE_CLIENT_CLOSED', `${what} is closed; make a new one`);
}

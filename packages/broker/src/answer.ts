import type { AnyCommand, RequestBodyOf, RequestHeaderOf, ResponseBodyOf, ResponseHeaderOf } from '@kitemq/protocol';
import { ResponseCode } from '@kitemq/protocol';
import type { Processor, Request } from '@kitemq/remoting';
import { KiteError } from '@kitemq/runtime';
import type { Logger } from '@kitemq/runtime';

/** An answer that is not SUCCESS, thrown by handlers off the hot path. */
export class Refusal extends Error {
  readonly code: number;
  constructor(code: number, remark: string) {
    super(remark);
    this.code = code;
  }
}

/** What a handler answers; without a code it is SUCCESS. */
export interface Answer<C extends AnyCommand> {
  readonly code?: number;
  readonly remark?: string | undefined;
  readonly header?: ResponseHeaderOf<C> | undefined;
  readonly body?: ResponseBodyOf<C> | undefined;
  readonly ext?: Readonly<Record<string, string>> | undefined;
}

/** Returned by a handler that has answered by itself. */
export const answered: Answer<AnyCommand> = {};

/** A decoded request. */
export interface Call<C extends AnyCommand> {
  readonly header: RequestHeaderOf<C>;
  readonly body: RequestBodyOf<C>;
  readonly request: Request;
}

/** Serves one command; a thrown {@link Refusal} becomes its code and remark, any other error SYSTEM_ERROR. */
export type Handler<C extends AnyCommand> = (call: Call<C>) => Answer<C> | Promise<Answer<C>>;

/**
 * Makes a processor of a handler: decodes header and body, encodes the answer, turns errors into codes. For everything that is
 * not on the path of a message.
 */
export function answering<C extends AnyCommand>(command: C, logger: Logger, handler: Handler<C>): Processor {
  const failed = (request: Request, error: unknown): void => {
    if (error instanceof Refusal) return request.fail(error.code, error.message);
    if (KiteError.is(error, 'KITE_HEADER_INVALID') || KiteError.is(error, 'KITE_BODY_INVALID')) return request.fail(ResponseCode.systemError, error.message);
    logger.error({ command: command.name, peer: request.channel.remoteAddress, error }, 'a request failed');
    request.fail(ResponseCode.systemError, `${command.name} failed: ${error instanceof Error ? error.message : String(error)}`);
  };
  const reply = (request: Request, answer: Answer<C>): void => {
    if (answer === answered) return;
    const { code = ResponseCode.success, remark, header, body, ext } = answer;
    request.reply(command, code, header, { remark, ext, body: body === undefined ? undefined : command.responseBody.encode(body) });
  };
  return (request) => {
    try {
      const header = request.header(command.request) as RequestHeaderOf<C>;
      const body = command.requestBody.decode(request.body) as RequestBodyOf<C>;
      const answer = handler({ header, body, request });
      if (answer instanceof Promise) answer.then((result) => reply(request, result)).catch((error: unknown) => failed(request, error));
      else reply(request, answer);
    } catch (error) {
      failed(request, error);
    }
  };
}

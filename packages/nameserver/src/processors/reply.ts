import type { AnyCommand, ResponseBodyOf } from '@kitemq/protocol';
import { ResponseCode } from '@kitemq/protocol';
import type { Request } from '@kitemq/remoting';

/** Answers with SUCCESS, and a body if there is one. */
export function succeed<C extends AnyCommand>(request: Request, command: C, body?: ResponseBodyOf<C>): void {
  request.reply(command, ResponseCode.success, undefined, body === undefined ? undefined : { body: command.responseBody.encode(body) });
}

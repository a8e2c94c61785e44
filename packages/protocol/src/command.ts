import type { BodyCodec } from './body.ts';
import { noBody } from './bodies/plain-bodies.ts';
import { emptyHeader } from './header.ts';
import type { HeaderOf, HeaderSchema } from './header.ts';

/** Who sends it to whom: C client, N name server, B broker, A admin tool, X controller; – nobody. */
export type Direction = string;

/** One request code with everything that is known about it. Declared once, in `commands/`. */
export interface Command<
  Request extends HeaderSchema = HeaderSchema,
  Response extends HeaderSchema = HeaderSchema,
  RequestBody = unknown,
  ResponseBody = unknown,
> {
  readonly name: string;
  /** The request code. */
  readonly code: number;
  readonly direction: Direction;
  readonly request: Request;
  readonly requestBody: BodyCodec<RequestBody>;
  readonly response: Response;
  readonly responseBody: BodyCodec<ResponseBody>;
  /** One sentence for the reference page. */
  readonly summary: string;
}

export type AnyCommand = Command<any, any, any, any>;
export type RequestHeaderOf<C extends AnyCommand> = HeaderOf<C['request']>;
export type ResponseHeaderOf<C extends AnyCommand> = HeaderOf<C['response']>;
export type RequestBodyOf<C extends AnyCommand> = C['requestBody'] extends BodyCodec<infer T> ? T : never;
export type ResponseBodyOf<C extends AnyCommand> = C['responseBody'] extends BodyCodec<infer T> ? T : never;

/** What a command's declaration gives; headers and bodies left out are empty. */
export interface CommandSpec<Request, Response, RequestBody, ResponseBody> {
  readonly name: string;
  readonly code: number;
  readonly direction: Direction;
  readonly summary: string;
  readonly request?: Request;
  readonly requestBody?: BodyCodec<RequestBody>;
  readonly response?: Response;
  readonly responseBody?: BodyCodec<ResponseBody>;
}

export function defineCommand<
  Request extends HeaderSchema = typeof emptyHeader,
  Response extends HeaderSchema = typeof emptyHeader,
  RequestBody = undefined,
  ResponseBody = undefined,
>(spec: CommandSpec<Request, Response, RequestBody, ResponseBody>): Command<Request, Response, RequestBody, ResponseBody> {
  return {
    name: spec.name,
    code: spec.code,
    direction: spec.direction,
    request: spec.request ?? (emptyHeader as HeaderSchema as Request),
    requestBody: spec.requestBody ?? (noBody as BodyCodec<unknown> as BodyCodec<RequestBody>),
    response: spec.response ?? (emptyHeader as HeaderSchema as Response),
    responseBody: spec.responseBody ?? (noBody as BodyCodec<unknown> as BodyCodec<ResponseBody>),
    summary: spec.summary,
  };
}

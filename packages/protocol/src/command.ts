import type { BodyCodec } from './body.ts';
import type { HeaderOf, HeaderSchema } from './header.ts';

/** Who sends it to whom: C client, N name server, B broker, A admin tool, X controller. */
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

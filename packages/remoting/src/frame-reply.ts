import type { AnyCommand, Frame, ResponseBodyOf, ResponseHeaderOf } from '@kitemq/protocol';
import type { Reply } from './channel.ts';

/** See {@link Reply}. */
export class FrameReply<C extends AnyCommand> implements Reply<C> {
  readonly frame: Frame;
  private readonly command: C;

  constructor(command: C, frame: Frame) {
    this.command = command;
    this.frame = frame;
  }

  get code(): number {
    return this.frame.code;
  }

  get ok(): boolean {
    return this.frame.code === 0;
  }

  get remark(): string | undefined {
    return this.frame.remark;
  }

  get bytes(): Uint8Array | undefined {
    return this.frame.body;
  }

  header(): ResponseHeaderOf<C> {
    return this.frame.ext.read(this.command.response) as ResponseHeaderOf<C>;
  }

  body(): ResponseBodyOf<C> {
    return this.command.responseBody.decode(this.frame.body) as ResponseBodyOf<C>;
  }
}

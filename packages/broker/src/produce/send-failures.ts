import { ResponseCode } from '@kitemq/protocol';
import { AppendStatus } from '@kitemq/store';

/** Code and remark of a send that was not stored. */
export interface SendFailure {
  readonly code: number;
  readonly remark: string;
}

function illegal(maxMessageSize: number): SendFailure {
  return {
    code: ResponseCode.messageIllegal,
    remark: `the message is illegal, maybe msg body or properties length not matched. msg body length limit ${maxMessageSize}B, msg properties length limit 32KB.`,
  };
}

/** What a refused append answers. */
export class SendFailures {
  readonly illegal: SendFailure;
  readonly diskFull: SendFailure = {
    code: ResponseCode.serviceNotAvailable,
    remark: 'service not available now. It may be caused by one of the following reasons: the broker\'s disk is full; free space and it takes messages again without a restart',
  };
  readonly busy: SendFailure = { code: ResponseCode.systemBusy, remark: '[PC_SYNCHRONIZED]broker busy, start flow control for a while' };
  readonly unavailable: SendFailure = {
    code: ResponseCode.serviceNotAvailable,
    remark: 'service not available now. It may be caused by one of the following reasons: the broker is shutting down, or a write to its disk failed; see its log',
  };

  constructor(maxMessageSize: number) {
    this.illegal = illegal(maxMessageSize);
  }

  of(status: AppendStatus): SendFailure {
    switch (status) {
      case AppendStatus.messageIllegal:
        return this.illegal;
      case AppendStatus.diskFull:
        return this.diskFull;
      case AppendStatus.busy:
        return this.busy;
      default:
        return this.unavailable;
    }
  }
}

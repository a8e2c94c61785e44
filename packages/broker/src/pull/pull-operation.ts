import type { CompiledFilter } from '@kitemq/filter';
import type { PullMessageRequestHeader } from '@kitemq/protocol';
import type { Request } from '@kitemq/remoting';
import { WheelEntry } from '@kitemq/runtime';
import type { ReadCompletion, ReadResult } from '@kitemq/store';
import type { GroupEntry, GroupTraffic } from '../subscription-groups/group-table.ts';
import type { TopicEntry } from '../topics/topic-table.ts';

/** Runs the steps of a pull. */
export interface PullRunner {
  readEnded(pull: PullOperation, result: ReadResult): void;
  holdEnded(pull: PullOperation): void;
}

/** A pull on its way: reading, or held until something arrives. The one object that a pull costs besides its request. */
export class PullOperation extends WheelEntry implements ReadCompletion {
  readonly runner: PullRunner;
  readonly request: Request;
  readonly group: GroupEntry;
  readonly topic: TopicEntry;
  readonly traffic: GroupTraffic;
  readonly filter: CompiledFilter;
  readonly queueId: number;
  readonly offset: number;
  readonly maxMessages: number;
  /** How long it may be held, ms; 0: not at all. */
  suspendMs: number;
  /** Index among those held for its queue, −1 when it is not held. */
  heldAt = -1;
  /** Messages that it passed over in this read because they had expired. */
  expiredMessages = 0;
  /** Woken, and to be run in this tick. */
  woken = false;

  constructor(runner: PullRunner, request: Request, header: PullMessageRequestHeader, parts: PullParts) {
    super();
    this.runner = runner;
    this.request = request;
    this.group = parts.group;
    this.topic = parts.topic;
    this.traffic = parts.traffic;
    this.filter = parts.filter;
    this.queueId = header.queueId;
    this.offset = header.queueOffset;
    this.maxMessages = header.maxMsgNums;
    this.suspendMs = parts.suspendMs;
  }

  readDone(result: ReadResult): void {
    this.runner.readEnded(this, result);
  }

  expired(): void {
    this.runner.holdEnded(this);
  }
}

export interface PullParts {
  group: GroupEntry;
  topic: TopicEntry;
  traffic: GroupTraffic;
  filter: CompiledFilter;
  suspendMs: number;
}

import type { ConsumerData, ConsumerRunningInfo } from '@kitemq/protocol';
import type { Runtime, TaskScope } from '@kitemq/runtime';
import type { MessageQueue } from '../admin/types.ts';
import type { GroupCalls } from '../calls/group-calls.ts';
import type { OffsetCalls } from '../calls/offset-calls.ts';
import type { Message } from '../message/message.ts';
import type { RouteTable } from '../route/route-table.ts';
import type { Nameservers } from './nameservers.ts';
import type { ServerLink } from './server-link.ts';

/** What a consumer is to the client it belongs to: heartbeats name it, brokers' requests reach it. */
export interface ConsumerMember {
  readonly group: string;
  heartbeat(): ConsumerData;
  /** The members of the group changed. */
  rebalance(): void;
  /** An operator moved the group (220). */
  resetOffsets(topic: string, offsets: readonly { readonly queue: MessageQueue; readonly offset: number }[]): void;
  /** Offsets by queue (221). */
  offsets(topic: string): readonly { readonly queue: MessageQueue; readonly offset: number }[];
  runningInfo(): ConsumerRunningInfo;
  /** Handles one message out of turn (309). Undefined when nothing handles messages now. */
  consumeDirectly(message: Message): Promise<unknown> | undefined;
  stop(options?: { readonly drainMs?: number | undefined }): Promise<void>;
}

export interface ProducerMember {
  readonly group: string;
  stop(options?: { readonly drainMs?: number | undefined }): Promise<void>;
}

/** What producers, consumers, pullers and admin share: connections, routes, identity, heartbeats. */
export interface ClientCore {
  readonly runtime: Runtime;
  readonly clientId: string;
  /** Default of calls, ms. */
  readonly timeoutMs: number;
  readonly scope: TaskScope;
  readonly link: ServerLink;
  readonly nameservers: Nameservers;
  readonly routes: RouteTable;
  readonly offsetCalls: OffsetCalls;
  readonly groupCalls: GroupCalls;
  /** The address of a member of the broker set, the master's by default; any other one when that is not known and `orAny` is set. */
  brokerAddress(brokerName: string, options?: { readonly brokerId?: number; readonly orAny?: boolean }): string | undefined;
  addConsumer(member: ConsumerMember): void;
  addProducer(member: ProducerMember): void;
  /** Tells the brokers that the member left (35). Never rejects. */
  remove(member: ConsumerMember | ProducerMember, timeoutMs: number): Promise<void>;
  /** Heartbeats to all brokers of known routes, now. Never rejects. */
  introduce(): Promise<void>;
  /** Heartbeat to the master of one broker set, now. Never rejects. */
  introduceTo(brokerName: string): Promise<void>;
  /** @throws KiteError `KITE_CLIENT_CLOSED` */
  checkOpen(): void;
}

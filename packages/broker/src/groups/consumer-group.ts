import type { ConsumeFromWhere, ConsumerData, ConsumeType, MessageModel, SubscriptionData } from '@kitemq/protocol';
import { compileExpression, matchAll } from '@kitemq/filter';
import type { CompiledFilter } from '@kitemq/filter';
import type { Channel } from '@kitemq/remoting';
import { KiteError } from '@kitemq/runtime';

/** A client's connection as a member of a group. */
export interface Member {
  readonly channel: Channel;
  readonly clientId: string;
  readonly language: number;
  version: number;
  /** Milliseconds since the epoch of the last heartbeat. */
  lastUpdate: number;
}

/** What a group reads of a topic, ready for use. */
export interface Subscription {
  readonly data: SubscriptionData;
  readonly filter: CompiledFilter;
  /** Why the expression does not compile; then `filter` takes nothing. */
  readonly error: string | undefined;
}

function subscriptionOf(data: SubscriptionData): Subscription {
  // In class filter mode the broker filters nothing.
  if (data.classFilterMode) return { data, filter: matchAll, error: undefined };
  try {
    return { data, filter: compileExpression(data.expressionType, data.subString), error: undefined };
  } catch (error) {
    if (!KiteError.is(error)) throw error;
    return { data, filter: { ...matchAll, matchesTags: () => false }, error: error.message };
  }
}

/** The online members of a consumer group and what they subscribe to. */
export class ConsumerGroup {
  readonly name: string;
  consumeType: ConsumeType = 'CONSUME_PASSIVELY';
  messageModel: MessageModel = 'CLUSTERING';
  consumeFromWhere: ConsumeFromWhere = 'CONSUME_FROM_LAST_OFFSET';
  /** By channel id. */
  readonly members: Map<number, Member> = new Map();
  readonly subscriptions: Map<string, Subscription> = new Map();
  /** Of the last heartbeat of version 2; 0 before. */
  fingerprint = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Ids of the members, each once. */
  clientIds(): string[] {
    return [...new Set(Array.from(this.members.values(), (member) => member.clientId))];
  }

  memberById(clientId: string): Member | undefined {
    for (const member of this.members.values()) if (member.clientId === clientId) return member;
    return undefined;
  }

  /** Takes a heartbeat of a member; true when it is new. */
  join(member: Member, data: ConsumerData): boolean {
    this.consumeType = data.consumeType;
    this.messageModel = data.messageModel;
    this.consumeFromWhere = data.consumeFromWhere;
    const known = this.members.get(member.channel.id);
    if (known !== undefined && known.clientId === member.clientId) {
      known.lastUpdate = member.lastUpdate;
      known.version = member.version;
      return false;
    }
    this.members.set(member.channel.id, member);
    return true;
  }

  /** Takes over the subscriptions of a heartbeat: whoever spoke last decides for the group. True when topics came or went. */
  subscribe(all: readonly SubscriptionData[]): boolean {
    let changed = false;
    const named = new Set<string>();
    for (const data of all) {
      named.add(data.topic);
      const known = this.subscriptions.get(data.topic);
      if (known === undefined) changed = true;
      if (known === undefined || data.subVersion > known.data.subVersion) this.subscriptions.set(data.topic, subscriptionOf(data));
    }
    for (const topic of this.subscriptions.keys()) {
      if (named.has(topic)) continue;
      this.subscriptions.delete(topic);
      changed = true;
    }
    return changed;
  }
}

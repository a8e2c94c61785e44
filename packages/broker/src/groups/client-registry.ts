import type { ConsumerData, HeartbeatData } from '@kitemq/protocol';
import type { Channel } from '@kitemq/remoting';
import type { Clock } from '@kitemq/runtime';
import { ConsumerGroup } from './consumer-group.ts';
import type { Member } from './consumer-group.ts';

/** Most groups that one client can be a member of: a heartbeat that names more is refused. */
export const groupsPerClientMax = 10_000;

/** Who is connected: producers and consumers by group. Memory only; clients tell again after a restart. */
export class ClientRegistry {
  readonly #clock: Clock;
  readonly #consumers: Map<string, ConsumerGroup> = new Map();
  readonly #producers: Map<string, Map<number, Member>> = new Map();
  /** Groups of each channel, by its id: what has to be forgotten with it. */
  readonly #groupsOf: Map<number, { readonly consumers: Set<string>; readonly producers: Set<string> }> = new Map();
  /** Called after a group's members or subscriptions changed. */
  onGroupChange: (group: ConsumerGroup) => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  consumerGroup(group: string): ConsumerGroup | undefined {
    return this.#consumers.get(group);
  }

  consumerGroups(): IterableIterator<ConsumerGroup> {
    return this.#consumers.values();
  }

  producers(group: string): IterableIterator<Member> | undefined {
    return this.#producers.get(group)?.values();
  }

  producerGroups(): IterableIterator<[string, Map<number, Member>]> {
    return this.#producers.entries();
  }

  /** Groups with a subscription to the topic. */
  groupsSubscribedTo(topic: string): string[] {
    const groups: string[] = [];
    for (const group of this.#consumers.values()) if (group.subscriptions.has(topic)) groups.push(group.name);
    return groups;
  }

  registerProducer(group: string, channel: Channel, data: HeartbeatData): void {
    if (channel.closed) return;
    let members = this.#producers.get(group);
    if (members === undefined) {
      members = new Map();
      this.#producers.set(group, members);
    }
    const known = members.get(channel.id);
    if (known === undefined) members.set(channel.id, this.#member(channel, data.clientID));
    else known.lastUpdate = this.#clock.now();
    this.#watch(channel).producers.add(group);
  }

  /** Takes a consumer's heartbeat; true when the members or the subscriptions of the group changed. */
  registerConsumer(channel: Channel, data: HeartbeatData, consumer: ConsumerData): boolean {
    if (channel.closed) return false;
    let group = this.#consumers.get(consumer.groupName);
    if (group === undefined) {
      group = new ConsumerGroup(consumer.groupName);
      this.#consumers.set(consumer.groupName, group);
    }
    const joined = group.join(this.#member(channel, data.clientID), consumer);
    const subscribed = data.withoutSub ? false : group.subscribe(consumer.subscriptionDataSet);
    this.#watch(channel).consumers.add(consumer.groupName);
    if (joined || subscribed) this.onGroupChange(group);
    return joined || subscribed;
  }

  unregisterProducer(group: string, channel: Channel): void {
    const members = this.#producers.get(group);
    if (members?.delete(channel.id) === true && members.size === 0) this.#producers.delete(group);
  }

  unregisterConsumer(group: string, channel: Channel): void {
    const known = this.#consumers.get(group);
    if (known !== undefined) this.#leave(known, channel.id);
  }

  /** Closes the connections of clients that have been silent for longer than `timeoutMs`, and forgets them. */
  expire(timeoutMs: number): void {
    const limit = this.#clock.now() - timeoutMs;
    const silent = new Map<number, Channel>();
    for (const { members } of this.#consumers.values()) {
      for (const member of members.values()) if (member.lastUpdate < limit) silent.set(member.channel.id, member.channel);
    }
    for (const members of this.#producers.values()) {
      for (const member of members.values()) if (member.lastUpdate < limit) silent.set(member.channel.id, member.channel);
    }
    for (const channel of silent.values()) {
      this.#forget(channel);
      channel.close();
    }
  }

  #member(channel: Channel, clientId: string): Member {
    return { channel, clientId, language: channel.peerLanguage, version: channel.peerVersion, lastUpdate: this.#clock.now() };
  }

  #watch(channel: Channel): { readonly consumers: Set<string>; readonly producers: Set<string> } {
    let groups = this.#groupsOf.get(channel.id);
    if (groups === undefined) {
      groups = { consumers: new Set(), producers: new Set() };
      this.#groupsOf.set(channel.id, groups);
      channel.onClose((closed) => this.#forget(closed));
    }
    return groups;
  }

  #forget(channel: Channel): void {
    const groups = this.#groupsOf.get(channel.id);
    if (groups === undefined) return;
    this.#groupsOf.delete(channel.id);
    for (const name of groups.consumers) this.unregisterConsumer(name, channel);
    for (const name of groups.producers) this.unregisterProducer(name, channel);
  }

  #leave(group: ConsumerGroup, channelId: number): void {
    if (!group.members.delete(channelId)) return;
    // An empty group keeps its subscriptions only until here: offline groups have none.
    if (group.members.size === 0) this.#consumers.delete(group.name);
    this.onGroupChange(group);
  }
}

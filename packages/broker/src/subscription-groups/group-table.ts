import { groupNameProblem, isSystemGroup } from '@kitemq/protocol';
import type { Clock, Logger } from '@kitemq/runtime';
import type { Settings } from '@kitemq/store';
import type { BrokerSettings } from '../config/broker-settings.ts';
import { RateCounter } from '../stats/rate-counter.ts';
import { nextVersion, readTableVersion } from '../topics/data-version.ts';
import type { TableVersion } from '../topics/data-version.ts';
import { bootGroups, groupConfig, readGroupConfig } from './group-config.ts';
import type { GroupConfig } from './group-config.ts';

/** Most groups that clients can have created automatically; by tools there is no limit. */
export const autoCreatedGroupsMax = 100_000;

/** A consumer group's settings and counters. */
export class GroupEntry {
  config: GroupConfig;
  /** Topics whose messages this group must not read (UPDATE_AND_GET_GROUP_FORBIDDEN). */
  forbiddenTopics: ReadonlySet<string> | undefined;
  /** By topic, of those that there are: messages and bytes handed out, messages sent back. */
  readonly traffic: Map<string, GroupTraffic> = new Map();

  constructor(config: GroupConfig, forbiddenTopics?: ReadonlySet<string>) {
    this.config = config;
    this.forbiddenTopics = forbiddenTopics;
  }

  /** The counters of a topic that there is, for this group. */
  trafficOf(topic: string): GroupTraffic {
    let traffic = this.traffic.get(topic);
    if (traffic === undefined) {
      traffic = new GroupTraffic();
      this.traffic.set(topic, traffic);
    }
    return traffic;
  }
}

export class GroupTraffic {
  readonly getCount: RateCounter = new RateCounter();
  readonly getBytes: RateCounter = new RateCounter();
  readonly sentBack: RateCounter = new RateCounter();
}

export interface GroupTableOptions {
  readonly settings: Settings;
  readonly config: BrokerSettings;
  readonly clock: Clock;
  readonly logger: Logger;
}

const kind = 'group';
const forbiddenKind = 'groupForbidden';

/** The consumer groups of this broker, kept in the store. */
export class GroupTable {
  readonly #settings: Settings;
  readonly #config: BrokerSettings;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #entries: Map<string, GroupEntry> = new Map();
  #version: TableVersion = { stateVersion: 0, timestamp: 0, counter: 0 };

  constructor(options: GroupTableOptions) {
    this.#settings = options.settings;
    this.#config = options.config;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** Reads the store. Call it once, when the store has started. */
  load(): void {
    for (const config of bootGroups) this.#entries.set(config.groupName, new GroupEntry(config));
    for (const [name, value] of this.#settings.entries(kind)) {
      const config = readGroupConfig(value);
      if (config === undefined) this.#logger.warn({ group: name }, 'a stored consumer group cannot be read and is left out');
      else this.#entries.set(name, new GroupEntry(config));
    }
    for (const [name, value] of this.#settings.entries(forbiddenKind)) {
      const entry = this.#entries.get(name);
      if (entry !== undefined && Array.isArray(value)) entry.forbiddenTopics = new Set(value.map(String));
    }
    this.#version = nextVersion(readTableVersion(this.#settings.get('tableVersion', kind)), this.#clock.now());
  }

  get size(): number {
    return this.#entries.size;
  }

  get version(): TableVersion {
    return this.#version;
  }

  /** The group if it exists. */
  get(group: string): GroupEntry | undefined {
    return this.#entries.get(group);
  }

  entries(): IterableIterator<GroupEntry> {
    return this.#entries.values();
  }

  /** The group, created when that is allowed and its name is valid. */
  findOrCreate(group: string): GroupEntry | undefined {
    const entry = this.#entries.get(group);
    if (entry !== undefined) return entry;
    const allowed = this.#config.autoCreateSubscriptionGroup || (this.#config.enableCreateSysGroup && isSystemGroup(group));
    if (!allowed || groupNameProblem(group) !== undefined || this.#entries.size >= autoCreatedGroupsMax) return undefined;
    this.put(groupConfig(group)).catch((error: unknown) => this.#logger.error({ group, error }, 'a new consumer group could not be stored'));
    return this.#entries.get(group);
  }

  /** Creates or replaces a group; resolves when that is durable. */
  put(config: GroupConfig): Promise<void> {
    const entry = this.#entries.get(config.groupName);
    if (entry === undefined) this.#entries.set(config.groupName, new GroupEntry(config));
    else entry.config = config;
    return this.#changed(this.#settings.put(kind, config.groupName, config));
  }

  async remove(group: string): Promise<void> {
    if (!this.#entries.delete(group)) return;
    await Promise.all([this.#changed(this.#settings.remove(kind, group)), this.#settings.remove(forbiddenKind, group)]);
  }

  /** Drops the counters of a topic that was removed. */
  forgetTraffic(topic: string): void {
    for (const entry of this.#entries.values()) entry.traffic.delete(topic);
  }

  /** Lets the group read the topic, or not. */
  setForbidden(group: GroupEntry, topic: string, forbidden: boolean): Promise<void> {
    const topics = new Set(group.forbiddenTopics);
    if (forbidden) topics.add(topic);
    else topics.delete(topic);
    group.forbiddenTopics = topics.size === 0 ? undefined : topics;
    const name = group.config.groupName;
    return this.#changed(topics.size === 0 ? this.#settings.remove(forbiddenKind, name) : this.#settings.put(forbiddenKind, name, [...topics]));
  }

  #changed(stored: Promise<void>): Promise<void> {
    this.#version = nextVersion(this.#version, this.#clock.now());
    return Promise.all([stored, this.#settings.put('tableVersion', kind, this.#version)]).then(() => undefined);
  }
}

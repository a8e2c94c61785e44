import { isDlqTopic, isRetryTopic, isUnsendableTopic, Permission, retryTopicPrefix, TopicNames, topicNameProblem, TopicSysFlag } from '@kitemq/protocol';
import type { Clock, Logger } from '@kitemq/runtime';
import type { Settings } from '@kitemq/store';
import type { BrokerSettings } from '../config/broker-settings.ts';
import { RateCounter } from '../stats/rate-counter.ts';
import { bootTopics } from './boot-topics.ts';
import { nextVersion, readTableVersion } from './data-version.ts';
import type { TableVersion } from './data-version.ts';
import { TopicAttribute } from './topic-attributes.ts';
import { readTopicConfig, sameTopicConfig, topicConfig } from './topic-config.ts';
import type { TopicConfig } from './topic-config.ts';

/** Most topics that clients can have created automatically; by tools there is no limit. */
export const autoCreatedTopicsMax = 100_000;

/** A topic with what the send and pull paths want to know without computing it. */
export class TopicEntry {
  #config: TopicConfig;
  #hasTtlMessages = false;
  /** Sends are answered when the disk has them, whatever the broker's flush mode. */
  syncFlush = false;
  /** The latest message of each key stays: messages need one. */
  compacted = false;
  /** Batches with a unique key are stored as one record, which the client takes apart. */
  batchQueue = false;
  /** How long (ms) its messages may be delivered, 0: as each of them says. Undefined: nothing in it ever expires, and nobody looks. */
  ttlMs: number | undefined = undefined;
  /** Why clients cannot send to it by name; undefined when they can. */
  readonly nameError: string | undefined;
  readonly closedToClients: boolean;
  /** The group whose retry topic this is. */
  readonly retryGroup: string | undefined;
  readonly putCount: RateCounter = new RateCounter();
  readonly putBytes: RateCounter = new RateCounter();

  constructor(config: TopicConfig) {
    this.#config = config;
    this.nameError = topicNameProblem(config.topicName);
    this.closedToClients = isUnsendableTopic(config.topicName);
    this.retryGroup = isRetryTopic(config.topicName) ? config.topicName.slice(retryTopicPrefix.length) : undefined;
    this.#derive();
  }

  get config(): TopicConfig {
    return this.#config;
  }

  set config(config: TopicConfig) {
    this.#config = config;
    this.#derive();
  }

  /** Some messages in it say how long they may be delivered. */
  get hasTtlMessages(): boolean {
    return this.#hasTtlMessages;
  }

  set hasTtlMessages(has: boolean) {
    this.#hasTtlMessages = has;
    this.#derive();
  }

  #derive(): void {
    const { attributes, topicName } = this.#config;
    this.syncFlush = attributes[TopicAttribute.flushMode] === 'SYNC';
    this.compacted = attributes['cleanup.policy'] === 'COMPACTION';
    // Compaction needs the keys of single messages.
    this.batchQueue = attributes['queue.type'] === 'BatchCQ' && !this.compacted;
    const ttlMs = Number(attributes[TopicAttribute.messageTtl] ?? 0);
    // What a consumer has had already does not expire while it is tried again, nor as a dead letter.
    const expires = ttlMs > 0 || (ttlMs === 0 && this.#hasTtlMessages);
    this.ttlMs = expires && this.retryGroup === undefined && !isDlqTopic(topicName) ? ttlMs : undefined;
  }
}

export interface TopicTableOptions {
  readonly settings: Settings;
  readonly config: BrokerSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with each topic that a send had made. */
  readonly onAutoCreated?: ((config: TopicConfig) => void) | undefined;
}

/** Under this kind the settings hold topics. */
export const settingsKind = 'topic';
const kind: string = settingsKind;
/** Topics that have, or had, messages with MSG_TTL_MS. */
const ttlKind = 'topicWithTtl';

/** The topics of this broker: those that follow from its settings, overlaid by what was created and changed, which is kept in the store. */
export class TopicTable {
  readonly #settings: Settings;
  readonly #config: BrokerSettings;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #entries: Map<string, TopicEntry> = new Map();
  readonly #listeners: ((topic: string) => void)[] = [];
  readonly #onAutoCreated: ((config: TopicConfig) => void) | undefined;
  #version: TableVersion = { stateVersion: 0, timestamp: 0, counter: 0 };

  constructor(options: TopicTableOptions) {
    this.#settings = options.settings;
    this.#config = options.config;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#onAutoCreated = options.onAutoCreated;
  }

  /** Reads the store. Call it once, when the store has started. */
  load(): void {
    for (const config of bootTopics(this.#config)) this.#entries.set(config.topicName, new TopicEntry(config));
    for (const [name, value] of this.#settings.entries(kind)) {
      const config = readTopicConfig(value);
      if (config === undefined) this.#logger.warn({ topic: name }, 'a stored topic cannot be read and is left out');
      else this.#entries.set(name, new TopicEntry(config));
    }
    for (const [name] of this.#settings.entries(ttlKind)) {
      const entry = this.#entries.get(name);
      if (entry !== undefined) entry.hasTtlMessages = true;
    }
    const template = this.#entries.get(TopicNames.autoCreate);
    // A template that somebody stored does not survive switching automatic creation off.
    if (template !== undefined && !this.#config.autoCreateTopicEnable) template.config = { ...template.config, perm: Permission.readWrite };
    // A start is a new version: settings may have changed what the boot topics are.
    this.#version = nextVersion(readTableVersion(this.#settings.get('tableVersion', kind)), this.#clock.now());
  }

  get size(): number {
    return this.#entries.size;
  }

  get version(): TableVersion {
    return this.#version;
  }

  get(topic: string): TopicEntry | undefined {
    return this.#entries.get(topic);
  }

  /** All topics, in order of creation. */
  entries(): IterableIterator<TopicEntry> {
    return this.#entries.values();
  }

  /** Calls `listener` with the name of each topic that is created, changed or removed, after the change. */
  onChange(listener: (topic: string) => void): void {
    this.#listeners.push(listener);
  }

  /** Creates or replaces a topic; resolves when that is durable. The same configuration again changes nothing. */
  put(config: TopicConfig): Promise<void> {
    const entry = this.#entries.get(config.topicName);
    if (entry !== undefined && sameTopicConfig(entry.config, config)) return Promise.resolve();
    if (entry === undefined) this.#entries.set(config.topicName, new TopicEntry(config));
    else entry.config = config;
    return this.#changed(config.topicName, this.#settings.put(kind, config.topicName, config));
  }

  /** A message with MSG_TTL_MS is about to be stored in the topic: noted in the log before it, so that it is looked at after a restart too. */
  noteTtlMessages(entry: TopicEntry): void {
    if (entry.hasTtlMessages || entry.retryGroup !== undefined) return;
    entry.hasTtlMessages = true;
    const topic = entry.config.topicName;
    this.#settings.put(ttlKind, topic, true).catch((error: unknown) => {
      entry.hasTtlMessages = false;
      this.#logger.error({ topic, error }, 'it could not be stored that messages of a topic expire; the next such message tries again');
    });
  }

  /** Forgets a topic; a boot topic goes back to what it is without changes at the next start. */
  remove(topic: string): Promise<void> {
    const entry = this.#entries.get(topic);
    if (entry === undefined) return Promise.resolve();
    this.#entries.delete(topic);
    const removed = this.#settings.remove(kind, topic);
    return this.#changed(topic, entry.hasTtlMessages ? Promise.all([removed, this.#settings.remove(ttlKind, topic)]).then(() => undefined) : removed);
  }

  /** As {@link put}, for changes that nobody waits for: a failure is logged. */
  putInBackground(config: TopicConfig): TopicEntry {
    this.put(config).catch((error: unknown) => this.#logger.error({ topic: config.topicName, error }, 'a new topic could not be stored'));
    return this.#entries.get(config.topicName)!;
  }

  /**
   * A topic that consumer groups need (`%RETRY%…`, `%DLQ%…`): found, or made with `queues` queues. Undefined when it cannot be one.
   */
  ensureGroupTopic(topic: string, queues: number, overrides: Partial<TopicConfig> = {}): TopicEntry | undefined {
    const entry = this.#entries.get(topic);
    if (entry !== undefined) return entry;
    if (topicNameProblem(topic) !== undefined || this.#entries.size >= autoCreatedTopicsMax) return undefined;
    return this.putInBackground(topicConfig(topic, queues, overrides));
  }

  /** A topic that a send to another shard had made: made here too, unless there is one of that name. */
  adopt(config: TopicConfig): void {
    if (this.#entries.has(config.topicName) || this.#entries.size >= autoCreatedTopicsMax) return;
    this.putInBackground(config);
  }

  /**
   * The topic of a send: found, or made from the template that the request names (`TBW102`). Undefined when it may not be made.
   * `queues` is what the client asks for; the template's write queues are the most.
   */
  findOrCreate(topic: string, template: string, queues: number, unitMode = false): TopicEntry | undefined {
    const entry = this.#entries.get(topic);
    if (entry !== undefined) return entry;
    const base = this.#entries.get(template);
    if (base !== undefined && (base.config.perm & Permission.inherit) !== 0 && this.#entries.size < autoCreatedTopicsMax) {
      const count = Math.max(0, Math.min(queues, base.config.writeQueueNums));
      const perm = base.config.perm & ~Permission.inherit;
      const unitFlag = isRetryTopic(topic) ? TopicSysFlag.unitSubscription : TopicSysFlag.unit;
      const topicSysFlag = unitMode ? unitFlag : base.config.topicSysFlag;
      const made = this.putInBackground(topicConfig(topic, count, { perm, topicFilterType: base.config.topicFilterType, topicSysFlag }));
      this.#onAutoCreated?.(made.config);
      return made;
    }
    return isRetryTopic(topic) ? this.ensureGroupTopic(topic, 1) : undefined;
  }

  #changed(topic: string, stored: Promise<void>): Promise<void> {
    this.#version = nextVersion(this.#version, this.#clock.now());
    const versioned = this.#settings.put('tableVersion', kind, this.#version);
    for (const listener of this.#listeners) listener(topic);
    return Promise.all([stored, versioned]).then(() => undefined);
  }
}

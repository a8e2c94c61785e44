import { Commands } from '@kitemq/protocol';
import type { TaskScope, TimerHandle, Timers } from '@kitemq/runtime';
import type { BrokerSettings } from '../config/broker-settings.ts';
import type { GroupTable } from '../subscription-groups/group-table.ts';
import type { ConsumerGroup } from './consumer-group.ts';

/** Without `realTimeNotifyConsumerChange` notices are collected for so long (ConsumerManager). */
export const notifyBatchMs = 15_000;

/**
 * Tells the members of a consumer group that it changed, so that they share its queues anew at once. All changes of one tick are told
 * together: many clients that come at the same time do not multiply notices.
 */
export class ChangeNotifier {
  readonly #config: BrokerSettings;
  readonly #groups: GroupTable;
  readonly #scope: TaskScope;
  readonly #timers: Timers;
  #tick: TimerHandle | undefined;
  readonly #waiting: Map<string, ConsumerGroup> = new Map();

  constructor(config: BrokerSettings, groups: GroupTable, scope: TaskScope, timers: Timers) {
    this.#timers = timers;
    this.#config = config;
    this.#groups = groups;
    this.#scope = scope;
  }

  changed(group: ConsumerGroup): void {
    const settings = this.#groups.get(group.name)?.config;
    if (!this.#config.notifyConsumerIdsChangedEnable || settings?.notifyConsumerIdsChangedEnable === false) return;
    const first = this.#waiting.size === 0;
    this.#waiting.set(group.name, group);
    if (this.#config.realTimeNotifyConsumerChange) this.#tick ??= this.#timers.setImmediate(() => this.flush());
    else if (first) this.#scope.after('notify consumer changes', notifyBatchMs, () => this.flush());
  }

  /** Sends what was collected. */
  flush(): void {
    this.#timers.clear(this.#tick);
    this.#tick = undefined;
    for (const group of this.#waiting.values()) this.#tell(group);
    this.#waiting.clear();
  }

  #tell(group: ConsumerGroup): void {
    for (const { channel } of group.members.values()) channel.invokeOneway(Commands.notifyConsumerIdsChanged, { consumerGroup: group.name });
  }
}

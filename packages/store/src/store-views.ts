import type { Logger } from '@kitemq/runtime';
import { CompactionView } from './compaction/compaction-view.ts';
import { ConsumerOffsetsView } from './views/consumer-offsets.ts';
import { CarriedKeys } from './views/carried-keys.ts';
import { KeyView } from './views/keys.ts';
import { QueueView } from './views/queues.ts';
import { SettingsView } from './views/settings.ts';
import type { SystemLog } from './views/system-log.ts';
import { ViewSet } from './views/view-set.ts';
import type { ResolvedStoreOptions } from './store-options.ts';

/** The views of a store, empty. */
export interface StoreViews {
  readonly all: ViewSet;
  readonly queues: QueueView;
  readonly consumerOffsets: ConsumerOffsetsView;
  readonly settings: SettingsView;
  readonly compaction: CompactionView;
  /** Undefined with `keyIndex: false`. */
  readonly keys: KeyView | undefined;
}

/** Makes the views. The queue view comes first: it gives records their queues. */
export function createViews(options: ResolvedStoreOptions, log: SystemLog): StoreViews {
  const logger: Logger = options.logger;
  const all = new ViewSet(logger);
  const queues = new QueueView(logger, all.viewsOf);
  const consumerOffsets = new ConsumerOffsetsView(log, options.runtime.timers, options.offsetFlushIntervalMs);
  const settings = new SettingsView(log);
  const keys = options.keyIndex ? new KeyView(options.keyPartEntries) : undefined;
  const compaction = new CompactionView(queues);
  for (const view of [queues, consumerOffsets, settings, compaction]) all.add(view);
  if (keys !== undefined) for (const view of [keys, new CarriedKeys(keys)]) all.add(view);
  return { all, queues, consumerOffsets, settings, compaction, keys };
}

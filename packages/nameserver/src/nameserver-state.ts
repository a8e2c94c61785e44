import type { Runtime } from '@kitemq/runtime';
import type { RuntimeConfig } from './config/runtime-config.ts';
import type { KvConfig } from './kv-config/kv-config.ts';
import type { BrokerLiveness } from './liveness/broker-liveness.ts';
import type { LiveTable } from './liveness/live-table.ts';
import type { MinBrokerIdNotifier } from './liveness/min-broker-id-notifier.ts';
import type { RouteAnswers } from './route-table/route-answers.ts';
import type { RouteTable } from './route-table/route-table.ts';
import type { NameserverSettings } from './settings.ts';

/** What the processors share. */
export interface NameserverState {
  readonly runtime: Runtime;
  /** In force now. */
  readonly settings: NameserverSettings;
  readonly config: RuntimeConfig;
  readonly routes: RouteTable;
  readonly routeAnswers: RouteAnswers;
  readonly live: LiveTable;
  readonly liveness: BrokerLiveness;
  readonly kvConfig: KvConfig;
  readonly notifier: MinBrokerIdNotifier;
  /** False while brokers still have time to register (`needWaitForService`). */
  ready(): boolean;
}

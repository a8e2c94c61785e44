import { Commands } from '@kitemq/protocol';
import type { RemotingClient } from '@kitemq/remoting';
import type { Logger } from '@kitemq/runtime';
import { minBrokerId } from '../route-table/broker-entry.ts';
import { resolveAutoAddress } from '../route-table/auto-address.ts';
import type { RouteTable } from '../route-table/route-table.ts';

/** As Apache: these notices are sent once, and not waited for longer than this. */
const noticeTimeoutMs = 300;
/** Brokers with an `auto` address live on this machine. */
const thisMachine = '127.0.0.1:0';

export interface MinimumChange {
  readonly brokerName: string;
  /** Who went offline; absent when a new smallest id registered. */
  readonly offlineBrokerAddr?: string | undefined;
  readonly haBrokerAddr?: string | undefined;
}

/** Tells the members of a broker group that its smallest id changed (NOTIFY_MIN_BROKER_ID_CHANGE, one-way). */
export class MinBrokerIdNotifier {
  private readonly routes: RouteTable;
  private readonly client: RemotingClient;
  private readonly logger: Logger;

  constructor(routes: RouteTable, client: RemotingClient, logger: Logger) {
    this.routes = routes;
    this.client = client;
    this.logger = logger;
  }

  notify({ brokerName, offlineBrokerAddr, haBrokerAddr }: MinimumChange): void {
    const addresses = this.routes.brokers.get(brokerName)?.brokerAddrs;
    const min = addresses === undefined ? undefined : minBrokerId(addresses);
    if (addresses === undefined || min === undefined) return;
    const minBrokerAddr = addresses.get(min)!;
    // A new smallest id knows it itself; when one went offline, everybody is told.
    const everybody = offlineBrokerAddr !== undefined || addresses.size === 1;
    const recipients = [...addresses].filter(([id]) => everybody || id !== min).map(([, address]) => address);
    for (const address of recipients) void this.send(address, { minBrokerId: min, minBrokerAddr, offlineBrokerAddr, haBrokerAddr });
  }

  private async send(address: string, header: { minBrokerId: number; minBrokerAddr: string; offlineBrokerAddr: string | undefined; haBrokerAddr: string | undefined }): Promise<void> {
    try {
      await this.client.invokeOneway(resolveAutoAddress(address, thisMachine), Commands.notifyMinBrokerIdChange, header, undefined, { timeoutMs: noticeTimeoutMs });
    } catch (error) {
      this.logger.warn({ address, error }, 'a broker could not be told that the smallest id of its group changed');
    }
  }
}

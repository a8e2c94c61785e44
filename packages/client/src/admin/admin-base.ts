import type { AnyCommand, ClusterInfo, RequestBodyOf, RequestHeaderOf } from '@kitemq/protocol';
import { Commands } from '@kitemq/protocol';
import type { Reply } from '@kitemq/remoting';
import { KiteError } from '@kitemq/runtime';
import type { ClientCore } from '../connection/client-core.ts';
import type { LinkOptions } from '../connection/server-link.ts';
import { Deadline } from '../connection/waiting.ts';
import { BrokerError } from '../errors.ts';
import type { BrokerSet, BrokerTarget, CallOptions, ClusterOverview } from './types.ts';

export interface TargetBroker {
  readonly brokerName: string;
  readonly address: string;
}

/** What all admin calls share: which servers are meant, and how long a call may take. */
export class AdminBase {
  readonly core: ClientCore;

  constructor(core: ClientCore) {
    this.core = core;
  }

  call(options: CallOptions = {}): LinkOptions {
    this.core.checkOpen();
    return { timeoutMs: options.timeoutMs ?? this.core.timeoutMs, signal: options.signal };
  }

  deadline(options: CallOptions = {}): Deadline {
    this.core.checkOpen();
    return new Deadline(this.core.runtime, options.timeoutMs ?? this.core.timeoutMs);
  }

  /** One name server; anything but code 0 throws. @throws BrokerError */
  async askNameserver<C extends AnyCommand>(command: C, header: RequestHeaderOf<C>, options: CallOptions | undefined, body?: RequestBodyOf<C>): Promise<Reply<C>> {
    const reply = await this.core.nameservers.invoke(command, header, this.call(options), body);
    if (reply.code !== 0) throw new BrokerError(command.name, this.core.nameservers.current, reply.code, reply.remark);
    return reply;
  }

  /** Every name server: they do not tell each other. */
  async askAllNameservers<C extends AnyCommand>(command: C, header: RequestHeaderOf<C>, options: CallOptions | undefined, body?: RequestBodyOf<C>): Promise<Reply<C>[]> {
    const call = this.call(options);
    return Promise.all(this.core.nameservers.addresses.map((address) => this.core.link.ask(address, command, header, call, body)));
  }

  async cluster(options: CallOptions | undefined): Promise<ClusterOverview> {
    const reply = await this.askNameserver(Commands.getBrokerClusterInfo, {}, options);
    return overview(reply.body());
  }

  /** The masters that are meant. @throws KiteError `KITE_OPTION_INVALID` | `KITE_BROKER_UNKNOWN` */
  async masters(target: BrokerTarget | undefined, options: CallOptions | undefined): Promise<readonly TargetBroker[]> {
    const { cluster, brokerName, brokerAddress } = target ?? {};
    const given = [cluster, brokerName, brokerAddress].filter((each) => each !== undefined).length;
    if (given > 1) throw new KiteError('KITE_OPTION_INVALID', 'target: give cluster, brokerName or brokerAddress, not several');
    if (brokerAddress !== undefined) return [{ brokerName: await this.#nameOf(brokerAddress, options), address: brokerAddress }];
    const { brokers } = await this.cluster(options);
    const masters = brokers
      .filter((broker) => (cluster === undefined || broker.cluster === cluster) && (brokerName === undefined || broker.brokerName === brokerName))
      .flatMap((broker) => broker.members.filter((member) => member.brokerId === 0).map(({ address }) => ({ brokerName: broker.brokerName, address })));
    if (masters.length > 0) return masters;
    const what = cluster === undefined ? (brokerName === undefined ? 'any broker' : `a broker ${brokerName}`) : `a cluster ${cluster}`;
    throw new KiteError('KITE_BROKER_UNKNOWN', `no name server knows ${what} with a master`, { retryable: true, details: { ...target } });
  }

  /** Does something at every meant master, at the same time; the first failure is thrown when all have ended. */
  async onMasters<T>(target: BrokerTarget | undefined, options: CallOptions | undefined, work: (broker: TargetBroker, call: LinkOptions) => Promise<T>): Promise<T[]> {
    const call = this.call(options);
    const results = await Promise.allSettled((await this.masters(target, options)).map((broker) => work(broker, call)));
    return results.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
  }

  async #nameOf(address: string, options: CallOptions | undefined): Promise<string> {
    const { brokers } = await this.cluster(options);
    return brokers.find((broker) => broker.members.some((member) => member.address === address))?.brokerName ?? address;
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function overview(info: ClusterInfo): ClusterOverview {
  const brokers: BrokerSet[] = [...info.brokerAddrTable.values()].map((broker) => ({
    cluster: broker.cluster,
    brokerName: broker.brokerName,
    members: [...broker.brokerAddrs].map(([brokerId, address]) => ({ brokerId, address })).sort((a, b) => a.brokerId - b.brokerId),
  }));
  return {
    clusters: [...info.clusterAddrTable.keys()].sort(),
    brokers: brokers.sort((a, b) => byText(a.cluster, b.cluster) || byText(a.brokerName, b.brokerName)),
  };
}

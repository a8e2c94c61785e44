import { Commands, ResponseCode, SerializeType } from '@kitemq/protocol';
import type { RequestHook } from '@kitemq/remoting';
import { RemotingClient } from '@kitemq/remoting';
import type { Runtime } from '@kitemq/runtime';
import { KiteError, nodeRuntime, TaskScope } from '@kitemq/runtime';
import { GroupCalls } from '../calls/group-calls.ts';
import { OffsetCalls } from '../calls/offset-calls.ts';
import { checkNumber } from '../check-options.ts';
import type { ClientOptions } from '../client-options.ts';
import { BrokerError, closed } from '../errors.ts';
import { RouteTable } from '../route/route-table.ts';
import { TopicRoute } from '../route/topic-route.ts';
import type { ClientCore, ConsumerMember, ProducerMember } from './client-core.ts';
import { clientId } from './client-id.ts';
import { Heartbeats } from './heartbeats.ts';
import { Nameservers, parseAddresses } from './nameservers.ts';
import { namespaceHook, signingHook } from './request-signer.ts';
import { ServerLink } from './server-link.ts';
import { serverRequests } from './server-requests.ts';

const DAY_MS = 86_400_000;

/** One client of the cluster: its connections, routes and heartbeats, shared by all its producers and consumers. */
export class ClientInstance implements ClientCore {
  readonly runtime: Runtime;
  readonly clientId: string;
  readonly timeoutMs: number;
  readonly scope: TaskScope;
  readonly link: ServerLink;
  readonly nameservers: Nameservers;
  readonly routes: RouteTable;
  readonly offsetCalls: OffsetCalls;
  readonly groupCalls: GroupCalls;
  readonly #remoting: RemotingClient;
  readonly #heartbeats: Heartbeats;
  #closed = false;

  /** Does no I/O. @throws KiteError `KITE_OPTION_INVALID` */
  constructor(options: ClientOptions) {
    const addresses = parseAddresses(options.nameservers);
    this.timeoutMs = checkNumber('timeoutMs', options.timeoutMs, { min: 1, max: DAY_MS, otherwise: 3_000 });
    const runtime = options.runtime ?? nodeRuntime();
    this.runtime = options.logger === undefined ? runtime : { ...runtime, logger: options.logger };
    const { logger, timers, random } = this.runtime;
    this.clientId = clientId(options, this.runtime);
    this.#remoting = new RemotingClient({
      runtime: this.runtime,
      hooks: requestHooks(options),
      // Costs both ends less than JSON; every broker since 4.x reads it, and answers in what it likes.
      serializeType: SerializeType.rocketmq,
      processors: serverRequests(this.runtime, (group) => this.#heartbeats.consumers.get(group)),
      ...(options.tls === undefined || options.tls === false ? {} : { tls: tlsOptions(options.tls) }),
    });
    this.scope = new TaskScope({ timers, onError: (error, task) => logger.error({ task, error }, 'background task failed') });
    this.link = new ServerLink(this.#remoting);
    this.nameservers = new Nameservers(addresses, this.link, random);
    this.offsetCalls = new OffsetCalls(this.link);
    this.groupCalls = new GroupCalls(this.link);
    this.routes = new RouteTable(this.runtime, (topic, call) => this.#queryRoute(topic, call.timeoutMs));
    this.#heartbeats = new Heartbeats({ clientId: this.clientId, calls: this.groupCalls, routes: this.routes, logger });
    this.#startTimers(options);
  }

  brokerAddress(brokerName: string, options: { readonly brokerId?: number; readonly orAny?: boolean } = {}): string | undefined {
    const members = this.routes.broker(brokerName)?.members;
    const exact = members?.find((member) => member.brokerId === (options.brokerId ?? 0));
    return (exact ?? (options.orAny === true ? members?.[0] : undefined))?.address;
  }

  /** @throws KiteError `KITE_GROUP_TAKEN`: a group can have one consumer per client */
  addConsumer(member: ConsumerMember): void {
    this.checkOpen();
    if (this.#heartbeats.consumers.has(member.group)) {
      throw new KiteError('KITE_GROUP_TAKEN', `this client has a consumer of group ${member.group} already; use it, or make another Client`);
    }
    this.#heartbeats.consumers.set(member.group, member);
  }

  addProducer(member: ProducerMember): void {
    this.checkOpen();
    const { producers } = this.#heartbeats;
    const group = producers.get(member.group);
    if (group === undefined) producers.set(member.group, new Set([member]));
    else group.add(member);
  }

  async remove(member: ConsumerMember | ProducerMember, timeoutMs: number): Promise<void> {
    const left = this.#forget(member);
    if (left === undefined) return;
    const client = { clientId: this.clientId, ...left };
    await Promise.all(
      this.#heartbeats.reached.map(async (address) => {
        try {
          await this.groupCalls.unregister(address, client, { timeoutMs });
        } catch (error) {
          this.runtime.logger.debug({ address, group: member.group, error }, 'signing off failed; the broker notices when the connection closes');
        }
      }),
    );
  }

  introduce(): Promise<void> {
    return this.#heartbeats.sendAll();
  }

  async introduceTo(brokerName: string): Promise<void> {
    const address = this.brokerAddress(brokerName, { orAny: true });
    if (address !== undefined) await this.#heartbeats.send(address);
  }

  checkOpen(): void {
    if (this.#closed) throw closed('the client');
  }

  /** Stops every producer and consumer, then everything else. Idempotent, never rejects. */
  async close(drainMs: number | undefined): Promise<void> {
    this.#closed = true;
    const { consumers, producers } = this.#heartbeats;
    const members = [...consumers.values(), ...[...producers.values()].flatMap((group) => [...group])];
    await Promise.all(
      members.map(async (member) => {
        try {
          await member.stop({ drainMs });
        } catch (error) {
          this.runtime.logger.error({ group: member.group, error }, 'stopping failed');
        }
      }),
    );
    await this.scope.close();
    await this.#remoting.shutdown();
  }

  /** What brokers are to be told, if anything: a producer group lives as long as it has a producer. */
  #forget(member: ConsumerMember | ProducerMember): { readonly consumerGroup: string } | { readonly producerGroup: string } | undefined {
    const { consumers, producers } = this.#heartbeats;
    if (consumers.get(member.group) === member) {
      consumers.delete(member.group);
      return { consumerGroup: member.group };
    }
    const group = producers.get(member.group);
    if (group?.delete(member) !== true || group.size > 0) return undefined;
    producers.delete(member.group);
    return { producerGroup: member.group };
  }

  #startTimers(options: ClientOptions): void {
    const refreshMs = checkNumber('routeRefreshMs', options.routeRefreshMs, { min: 10, max: DAY_MS, otherwise: 30_000 });
    const heartbeatMs = checkNumber('heartbeatMs', options.heartbeatMs, { min: 10, max: 100_000, otherwise: 30_000 });
    this.scope.every('route refresh', refreshMs, async (signal) => {
      const { failures } = await this.routes.refreshAll(this.timeoutMs, signal);
      if (failures.length > 0 && !signal.aborted) this.runtime.logger.warn({ failures: failures.length, error: failures[0] }, 'routes could not be refreshed; the known ones stay in use');
    });
    this.scope.every('heartbeat', heartbeatMs, () => this.#heartbeats.sendAll());
  }

  async #queryRoute(topic: string, timeoutMs: number): Promise<TopicRoute | undefined> {
    const reply = await this.nameservers.invoke(Commands.getRouteInfoByTopic, { topic, acceptStandardJsonOnly: true }, { timeoutMs });
    if (reply.code === ResponseCode.success) return new TopicRoute(topic, reply.body());
    if (reply.code === ResponseCode.topicNotExist) return undefined;
    throw new BrokerError(Commands.getRouteInfoByTopic.name, this.nameservers.current, reply.code, reply.remark);
  }
}

function requestHooks(options: ClientOptions): RequestHook[] {
  const hooks: RequestHook[] = options.namespace === undefined ? [] : [namespaceHook(options.namespace)];
  const { accessKey, secretKey, securityToken } = options;
  if ((accessKey === undefined) !== (secretKey === undefined)) {
    throw new KiteError('KITE_OPTION_INVALID', 'accessKey and secretKey: give both or none');
  }
  if (accessKey !== undefined && secretKey !== undefined) hooks.push(signingHook({ accessKey, secretKey, securityToken }));
  return hooks;
}

function tlsOptions(tls: Exclude<ClientOptions['tls'], undefined | false>): { verify: boolean; ca?: string; serverName?: string } {
  if (tls === true) return { verify: false };
  return {
    verify: tls.verify ?? false,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
  };
}

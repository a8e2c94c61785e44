import { Commands, DataVersion, maskedCrc32, ResponseCode } from '@kitemq/protocol';
import type { Processor, Request } from '@kitemq/remoting';
import type { NameserverState } from '../nameserver-state.ts';
import { orderTopicNamespace } from '../kv-config/kv-config.ts';
import { resolveAutoAddress } from '../route-table/auto-address.ts';
import type { Registration } from '../route-table/register-broker.ts';
import { registerBroker, sameVersion } from '../route-table/register-broker.ts';
import { registrationFault } from '../route-table/registration-limits.ts';
import { decodeRegisterBody } from './register-body.ts';
import { succeed } from './reply.ts';

/** What brokers say about themselves. */
export const registrationProcessors = (state: NameserverState): [number, Processor][] => [
  [Commands.registerBroker.code, (request): void => register(state, request)],
  [Commands.unregisterBroker.code, (request): void => unregister(state, request)],
  [Commands.brokerHeartbeat.code, (request): void => heartbeat(state, request)],
  [Commands.queryDataVersion.code, (request): void => queryDataVersion(state, request)],
];

function register(state: NameserverState, request: Request): void {
  const header = request.header(Commands.registerBroker.request);
  if (header.bodyCrc32 && maskedCrc32(request.body ?? new Uint8Array(0)) !== header.bodyCrc32) return request.fail(ResponseCode.systemError, 'crc32 not match');
  const body = decodeRegisterBody(request.body, { compressed: header.compressed ?? false, version: request.version });
  const registration: Registration = {
    clusterName: header.clusterName,
    brokerName: header.brokerName,
    brokerAddr: header.brokerAddr,
    brokerId: header.brokerId,
    haServerAddr: header.haServerAddr,
    timeoutMs: header.heartbeatTimeoutMillis,
    enableActingMaster: header.enableActingMaster,
    zoneName: header.zoneName,
    body,
    channel: request.channel,
  };
  const fault = registrationFault(state.routes, registration);
  if (fault !== undefined) return request.fail(ResponseCode.systemError, `register broker failed: ${fault}`);
  const outcome = registerBroker(
    { routes: state.routes, live: state.live, now: state.runtime.clock.monotonic(), deleteTopicWithBrokerRegistration: state.settings.deleteTopicWithBrokerRegistration },
    registration,
  );
  const { logger } = state.runtime;
  const who = { cluster: header.clusterName, broker: header.brokerName, id: header.brokerId, address: header.brokerAddr };
  if (outcome.kind === 'refused') {
    logger.warn(who, 'registration refused: one topic only from a broker that was not registered');
    return request.fail(ResponseCode.systemError, 'register broker failed');
  }
  if (outcome.kind === 'ignored') logger.warn(who, 'registration ignored: the holder of this id has a newer state');
  else {
    if (outcome.newChannel) {
      logger.info(who, 'a broker registered');
      state.liveness.watch(request.channel);
    }
    if (outcome.minIdChanged && state.settings.notifyMinBrokerIdChanged) state.notifier.notify({ brokerName: header.brokerName, haBrokerAddr: header.haServerAddr });
  }
  const master = outcome.kind === 'registered' ? outcome : undefined;
  const asSeenFromHere = (address: string | undefined): string | undefined => (address === undefined ? undefined : resolveAutoAddress(address, request.channel.localAddress));
  const table = state.settings.returnOrderTopicConfigToBroker ? state.kvConfig.list(orderTopicNamespace) : undefined;
  const bytes = table === undefined ? undefined : Commands.registerBroker.responseBody.encode({ table: new Map(table) });
  request.reply(Commands.registerBroker, ResponseCode.success, { masterAddr: asSeenFromHere(master?.masterAddr), haServerAddr: asSeenFromHere(master?.haServerAddr) }, { body: bytes });
}

function unregister(state: NameserverState, request: Request): void {
  const { clusterName, brokerName, brokerAddr, brokerId } = request.header(Commands.unregisterBroker.request);
  const queued = state.liveness.unregister({ clusterName, brokerName, brokerAddr, brokerId });
  state.runtime.logger.info({ cluster: clusterName, broker: brokerName, id: brokerId, address: brokerAddr, queued }, 'a broker unregisters');
  if (queued) succeed(request, Commands.unregisterBroker);
  else request.fail(ResponseCode.systemError, 'too many brokers wait to be unregistered');
}

function heartbeat(state: NameserverState, request: Request): void {
  const { clusterName, brokerAddr } = request.header(Commands.brokerHeartbeat.request);
  state.live.touch(clusterName, brokerAddr, state.runtime.clock.monotonic());
  succeed(request, Commands.brokerHeartbeat);
}

function queryDataVersion(state: NameserverState, request: Request): void {
  const { clusterName, brokerAddr } = request.header(Commands.queryDataVersion.request);
  const asked = DataVersion.decode(request.body);
  state.live.touch(clusterName, brokerAddr, state.runtime.clock.monotonic());
  const known = state.live.get(clusterName, brokerAddr)?.dataVersion;
  const body = known === undefined ? undefined : DataVersion.encode(known);
  request.reply(Commands.queryDataVersion, ResponseCode.success, { changed: !sameVersion(known, asked) }, { body });
}

import { Commands, ResponseCode } from '@kitemq/protocol';
import type { AnyCommand } from '@kitemq/protocol';
import type { Processor, Request } from '@kitemq/remoting';
import type { KvDone } from '../kv-config/kv-config.ts';
import type { NameserverState } from '../nameserver-state.ts';
import { succeed } from './reply.ts';

/** KV configs. A change is answered when it is on disk. */
export const kvProcessors = (state: NameserverState): [number, Processor][] => [
  [Commands.putKvConfig.code, (request): void => put(state, request)],
  [Commands.getKvConfig.code, (request): void => get(state, request)],
  [Commands.deleteKvConfig.code, (request): void => remove(state, request)],
  [Commands.getKvListByNamespace.code, (request): void => list(state, request)],
];

function put(state: NameserverState, request: Request): void {
  const { namespace, key, value } = request.header(Commands.putKvConfig.request);
  state.kvConfig.put(namespace, key, value, answerLater(state, request, Commands.putKvConfig));
}

function remove(state: NameserverState, request: Request): void {
  const { namespace, key } = request.header(Commands.deleteKvConfig.request);
  state.kvConfig.remove(namespace, key, answerLater(state, request, Commands.deleteKvConfig));
}

function get(state: NameserverState, request: Request): void {
  const { namespace, key } = request.header(Commands.getKvConfig.request);
  const value = state.kvConfig.get(namespace, key);
  if (value === undefined) return request.fail(ResponseCode.queryNotFound, `No config item, Namespace: ${namespace} Key: ${key}`);
  request.reply(Commands.getKvConfig, ResponseCode.success, { value });
}

function list(state: NameserverState, request: Request): void {
  const { namespace } = request.header(Commands.getKvListByNamespace.request);
  const table = state.kvConfig.list(namespace);
  if (table === undefined) return request.fail(ResponseCode.queryNotFound, `No config item, Namespace: ${namespace}`);
  succeed(request, Commands.getKvListByNamespace, { table: new Map(table) });
}

function answerLater(state: NameserverState, request: Request, command: AnyCommand): KvDone {
  request.detach();
  return (error) => {
    state.routeAnswers.clear();
    if (error === undefined) succeed(request, command);
    else request.fail(ResponseCode.systemError, error.message);
  };
}

import { Commands, ResponseCode } from '@kitemq/protocol';
import type { Processor, Request } from '@kitemq/remoting';
import { KiteError } from '@kitemq/runtime';
import type { NameserverState } from '../nameserver-state.ts';
import { succeed } from './reply.ts';

/** Each update may write a file: more than this are refused. */
export const configUpdatesPerMinuteMax = 60;
const minuteMs = 60_000;

/** The name server's own settings. */
export const configProcessors = (state: NameserverState): [number, Processor][] => {
  let windowStart = 0;
  let updates = 0;
  const tooMany = (): boolean => {
    const now = state.runtime.clock.monotonic();
    if (now - windowStart >= minuteMs) {
      windowStart = now;
      updates = 0;
    }
    return ++updates > configUpdatesPerMinuteMax;
  };
  return [
    [Commands.getNamesrvConfig.code, (request): void => succeed(request, Commands.getNamesrvConfig, state.config.text())],
    [
      Commands.updateNamesrvConfig.code,
      (request): void => {
        if (tooMany()) request.fail(ResponseCode.systemBusy, `more than ${configUpdatesPerMinuteMax} updates in a minute`);
        else update(state, request);
      },
    ],
  ];
};

function update(state: NameserverState, request: Request): void {
  try {
    state.config.update(Commands.updateNamesrvConfig.requestBody.decode(request.body), request.channel.remoteAddress);
  } catch (error) {
    if (!KiteError.is(error)) throw error;
    const denied = error.code === 'KITE_CONFIG_DENIED';
    state.runtime.logger.warn({ peer: request.channel.remoteAddress, error: error.message }, 'an update of settings was refused');
    return request.fail(denied ? ResponseCode.noPermission : ResponseCode.systemError, error.message);
  }
  state.routeAnswers.clear();
  succeed(request, Commands.updateNamesrvConfig);
}

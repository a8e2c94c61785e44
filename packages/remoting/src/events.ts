import type { Channel as Diagnostics } from 'node:diagnostics_channel';
import { channel } from 'node:diagnostics_channel';

/**
 * What a program may listen to with `node:diagnostics_channel`. Nothing is built while nobody listens.
 * - `kitemq:remoting:open`: `{ address, side }`
 * - `kitemq:remoting:close`: `{ address, side, error? }`
 * - `kitemq:remoting:invoke`: `{ address, code, responseCode?, durationMs, error? }` when a call ended
 * - `kitemq:remoting:request`: `{ address, code, opaque, oneway }` when a request arrived
 */
export const events: Readonly<Record<'open' | 'close' | 'invoke' | 'request', Diagnostics>> = {
  open: channel('kitemq:remoting:open'),
  close: channel('kitemq:remoting:close'),
  invoke: channel('kitemq:remoting:invoke'),
  request: channel('kitemq:remoting:request'),
};

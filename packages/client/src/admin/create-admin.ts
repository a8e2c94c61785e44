import type { ClientCore } from '../connection/client-core.ts';
import type { Admin } from './admin.ts';
import { AdminBase } from './admin-base.ts';
import { groupAdmin } from './group-admin.ts';
import { messageAdmin } from './message-admin.ts';
import { offsetAdmin } from './offset-admin.ts';
import { serverAdmin } from './server-admin.ts';
import { topicAdmin } from './topic-admin.ts';

/** All of {@link Admin}, by capability. */
export function createAdmin(core: ClientCore): Admin {
  const base = new AdminBase(core);
  return {
    ...topicAdmin(base),
    ...serverAdmin(base),
    ...groupAdmin(base),
    ...offsetAdmin(base),
    ...messageAdmin(base),
    invoke: (address, command, header, body, options) => core.link.invoke(address, command, header, base.call(options), body),
  };
}

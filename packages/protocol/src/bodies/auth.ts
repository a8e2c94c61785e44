import { array, maybe, scalar } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';

/** `userType` is Super or Normal, `userStatus` enable or disable. */
export const UserInfo = struct('UserInfo', {
  username: maybe(scalar.string()),
  password: maybe(scalar.string()),
  userType: maybe(scalar.string()),
  userStatus: maybe(scalar.string()),
});
export type UserInfo = ValueOf<typeof UserInfo>;

/** `resource` is `Topic:name`, `Group:prefix*`, `*`…; `decision` is Allow or Deny. */
export const PolicyEntryInfo = struct('PolicyEntryInfo', {
  resource: maybe(scalar.string()),
  actions: array(scalar.string()),
  sourceIps: maybe(array(scalar.string())),
  decision: maybe(scalar.string()),
});
export type PolicyEntryInfo = ValueOf<typeof PolicyEntryInfo>;

export const PolicyInfo = struct('PolicyInfo', { policyType: maybe(scalar.string()), entries: array(PolicyEntryInfo) });
export type PolicyInfo = ValueOf<typeof PolicyInfo>;

/** `subject` is `User:name`. */
export const AclInfo = struct('AclInfo', { subject: maybe(scalar.string()), policies: array(PolicyInfo) });
export type AclInfo = ValueOf<typeof AclInfo>;

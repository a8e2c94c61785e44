import { defineCommand } from '../command.ts';
import { defineHeader, optional } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import { AclInfo, UserInfo } from '../bodies/auth.ts';
import { array } from '../bodies/shape.ts';
import { jsonBody, optionalBody } from '../bodies/struct.ts';

export const CreateUserRequestHeader = defineHeader('CreateUserRequestHeader', {
  username: optional.string(),
});
export type CreateUserRequestHeader = HeaderOf<typeof CreateUserRequestHeader>;

export const UpdateUserRequestHeader = defineHeader('UpdateUserRequestHeader', {
  username: optional.string(),
});
export type UpdateUserRequestHeader = HeaderOf<typeof UpdateUserRequestHeader>;

export const DeleteUserRequestHeader = defineHeader('DeleteUserRequestHeader', {
  username: optional.string(),
});
export type DeleteUserRequestHeader = HeaderOf<typeof DeleteUserRequestHeader>;

export const GetUserRequestHeader = defineHeader('GetUserRequestHeader', {
  username: optional.string(),
});
export type GetUserRequestHeader = HeaderOf<typeof GetUserRequestHeader>;

export const ListUsersRequestHeader = defineHeader('ListUsersRequestHeader', {
  filter: optional.string(),
});
export type ListUsersRequestHeader = HeaderOf<typeof ListUsersRequestHeader>;

export const CreateAclRequestHeader = defineHeader('CreateAclRequestHeader', {
  subject: optional.string(),
});
export type CreateAclRequestHeader = HeaderOf<typeof CreateAclRequestHeader>;

export const UpdateAclRequestHeader = defineHeader('UpdateAclRequestHeader', {
  subject: optional.string(),
});
export type UpdateAclRequestHeader = HeaderOf<typeof UpdateAclRequestHeader>;

export const DeleteAclRequestHeader = defineHeader('DeleteAclRequestHeader', {
  subject: optional.string(),
  policyType: optional.string(),
  resource: optional.string(),
});
export type DeleteAclRequestHeader = HeaderOf<typeof DeleteAclRequestHeader>;

export const GetAclRequestHeader = defineHeader('GetAclRequestHeader', {
  subject: optional.string(),
});
export type GetAclRequestHeader = HeaderOf<typeof GetAclRequestHeader>;

export const ListAclsRequestHeader = defineHeader('ListAclsRequestHeader', {
  subjectFilter: optional.string(),
  resourceFilter: optional.string(),
});
export type ListAclsRequestHeader = HeaderOf<typeof ListAclsRequestHeader>;

export const authCreateUser = defineCommand({
  name: 'AUTH_CREATE_USER',
  code: 3001,
  direction: 'A→B',
  request: CreateUserRequestHeader,
  requestBody: UserInfo,
  summary: 'Creates a user.',
});

export const authUpdateUser = defineCommand({
  name: 'AUTH_UPDATE_USER',
  code: 3002,
  direction: 'A→B',
  request: UpdateUserRequestHeader,
  requestBody: UserInfo,
  summary: 'Changes a user.',
});

export const authDeleteUser = defineCommand({
  name: 'AUTH_DELETE_USER',
  code: 3003,
  direction: 'A→B',
  request: DeleteUserRequestHeader,
  summary: 'Deletes a user.',
});

export const authGetUser = defineCommand({
  name: 'AUTH_GET_USER',
  code: 3004,
  direction: 'A→B',
  request: GetUserRequestHeader,
  responseBody: optionalBody(UserInfo),
  summary: 'Reads a user.',
});

export const authListUser = defineCommand({
  name: 'AUTH_LIST_USER',
  code: 3005,
  direction: 'A→B',
  request: ListUsersRequestHeader,
  responseBody: jsonBody(array(UserInfo)),
  summary: 'Reads all users.',
});

export const authCreateAcl = defineCommand({
  name: 'AUTH_CREATE_ACL',
  code: 3006,
  direction: 'A→B',
  request: CreateAclRequestHeader,
  requestBody: AclInfo,
  summary: 'Creates an access list.',
});

export const authUpdateAcl = defineCommand({
  name: 'AUTH_UPDATE_ACL',
  code: 3007,
  direction: 'A→B',
  request: UpdateAclRequestHeader,
  requestBody: AclInfo,
  summary: 'Changes an access list.',
});

export const authDeleteAcl = defineCommand({
  name: 'AUTH_DELETE_ACL',
  code: 3008,
  direction: 'A→B',
  request: DeleteAclRequestHeader,
  summary: 'Deletes an access list or one policy of it.',
});

export const authGetAcl = defineCommand({
  name: 'AUTH_GET_ACL',
  code: 3009,
  direction: 'A→B',
  request: GetAclRequestHeader,
  responseBody: optionalBody(AclInfo),
  summary: 'Reads an access list.',
});

export const authListAcl = defineCommand({
  name: 'AUTH_LIST_ACL',
  code: 3010,
  direction: 'A→B',
  request: ListAclsRequestHeader,
  responseBody: jsonBody(array(AclInfo)),
  summary: 'Reads all access lists.',
});

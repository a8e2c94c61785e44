import { createHmac } from 'node:crypto';
import type { HookedRequest, RequestHook } from '@kitemq/remoting';

export interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly securityToken: string | undefined;
}

/** HMAC-SHA1, Base64, over all values in the order of their keys (code units), nothing between them, then the body (Apache's `AclClientRPCHook`). */
export function signature(fields: Readonly<Record<string, string>>, body: Uint8Array | undefined, secretKey: string): string {
  const keys = Object.keys(fields).sort((a, b) => (a < b ? -1 : 1));
  const hmac = createHmac('sha1', secretKey).update(keys.map((key) => fields[key]).join(''), 'utf8');
  if (body !== undefined) hmac.update(body);
  return hmac.digest('base64');
}

/** Adds namespace v2 to every request. Comes before the signature, which covers it. */
export function namespaceHook(namespace: string): RequestHook {
  return {
    beforeRequest(_address: string, request: HookedRequest): void {
      request.ext['nsd'] = 'true';
      request.ext['ns'] = namespace;
    },
  };
}

/** Signs every request. Must be the last hook. */
export function signingHook(credentials: Credentials): RequestHook {
  return {
    beforeRequest(_address: string, request: HookedRequest): void {
      request.ext['AccessKey'] = credentials.accessKey;
      if (credentials.securityToken !== undefined) request.ext['SecurityToken'] = credentials.securityToken;
      request.ext['Signature'] = signature(request.fields(), request.body, credentials.secretKey);
    },
  };
}

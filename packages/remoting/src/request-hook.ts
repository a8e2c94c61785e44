import type { AnyCommand, HeaderSchema } from '@kitemq/protocol';

/** A request on its way out, for hooks. */
export interface HookedRequest {
  readonly command: AnyCommand;
  readonly code: number;
  /** Values of the declared header, by property name. */
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array | undefined;
  /** Further text fields: a hook adds its own here. */
  readonly ext: Record<string, string>;
  /** All text fields as they will be on the wire: the declared ones under their wire names, then `ext`. What signatures cover. */
  fields(): Record<string, string>;
}

/** Looks at, and adds fields to, every request of a client (signatures, namespaces). Runs synchronously; what it throws fails the call. */
export interface RequestHook {
  beforeRequest(address: string, request: HookedRequest): void;
}

export function hookRequest(
  hooks: readonly RequestHook[],
  address: string,
  parts: { command: AnyCommand; header: unknown; body: Uint8Array | undefined; ext: Readonly<Record<string, string>> | undefined },
): Record<string, string> {
  const { command, body } = parts;
  const header = parts.header as Readonly<Record<string, unknown>>;
  const ext: Record<string, string> = { ...parts.ext };
  const request: HookedRequest = { command, code: command.code, header, body, ext, fields: () => ({ ...wireFields(command, header), ...ext }) };
  for (const hook of hooks) hook.beforeRequest(address, request);
  return ext;
}

function wireFields(command: AnyCommand, header: Readonly<Record<string, unknown>>): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, field] of Object.entries((command.request as HeaderSchema).fields)) {
    const value = header[name];
    if (value !== undefined && value !== null) fields[field.wireName ?? name] = String(value);
  }
  return fields;
}

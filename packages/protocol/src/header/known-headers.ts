import { allCommands } from '../commands/commands.ts';
import type { HeaderSchema } from '../header.ts';

/** FNV-1a of a header's name: how a MSGPACK header says which table its values belong to. */
export function headerId(schema: HeaderSchema): number {
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < schema.name.length; index++) hash = Math.imul(hash ^ schema.name.charCodeAt(index), 0x01_00_01_93) >>> 0;
  return hash;
}

let headersById: Map<number, HeaderSchema> | undefined;

/** The header with this id among those of all commands; made on first use. */
export function knownHeader(id: number): HeaderSchema | undefined {
  if (headersById === undefined) {
    headersById = new Map();
    for (const command of allCommands()) for (const schema of [command.request, command.response]) headersById.set(headerId(schema), schema);
  }
  return headersById.get(id);
}

import type { Command } from 'commander';
import type { Frame } from './command-frame.ts';
import { addStoreInspectCommands } from './store-inspect-commands.ts';
import { addStoreImportCommands } from './store-import-commands.ts';

/** `store …`: work on a store's folder, without a broker. */
export function addStoreCommands(program: Command, frame: Frame): void {
  const store = program.command('store').description("look into a broker's data, check it, make its views again; bring it from and to Apache RocketMQ");
  addStoreInspectCommands(store, frame);
  addStoreImportCommands(store, frame);
}

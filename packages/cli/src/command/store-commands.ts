import type { Command } from 'commander';
import type { Frame } from './command-frame.ts';
import { addStoreImportCommands } from './store-import-commands.ts';

/** `store …`: work on a store's folder, without a broker. */
export function addStoreCommands(program: Command, frame: Frame): void {
  const store = program.command('store').description("bring a broker's store from and to Apache RocketMQ");
  addStoreImportCommands(store, frame);
}

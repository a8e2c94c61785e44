import type { Command } from 'commander';
import type { StoreExportFlags, StoreImportFlags } from '../work/store-move-work.ts';
import { examples, type Frame, storeWorkOf, wholeNumber } from './command-frame.ts';

/** `store import` and `store export`. */
export function addStoreImportCommands(store: Command, frame: Frame): void {
  store
    .command('import')
    .description("make a store out of an Apache broker's directory (5.x, 4.x): messages, topics, groups, offsets, delayed messages")
    .argument('<dir>', "Apache's storePathRootDir; its broker must be stopped, and nothing in it is changed")
    .requiredOption('--data <folder>', 'the new store; run it again after an interruption and it goes on')
    .option('--copy', 'copy the commit log (default)')
    .option('--link', 'hard links for full files: takes no time and no space; needs one file system')
    .option('--after-crash', 'the broker died: take the log up to its last whole message')
    .option('--damaged', 'files are missing or broken: take what is left, and say what is not')
    .option('--json', 'print JSON')
    .addHelpText('after', examples(['kitemq store import /home/rocketmq/store --data ./data', 'kitemq store import /home/rocketmq/store --data ./data --link']))
    .action(async (dir: string, flags: StoreImportFlags) => {
      frame.exitCode = await (await storeWorkOf(frame)).runStoreImport(dir, flags, frame.host);
    });
  store
    .command('export')
    .description("write a directory that an Apache broker starts on; the store's broker must be stopped")
    .argument('<folder>', 'the store: what its broker has as --data')
    .requiredOption('--apache <dir>', "the new directory, Apache's storePathRootDir")
    .option('--copy', 'copy the commit log (default)')
    .option('--link', 'hard links for full files: takes no time and no space; needs one file system')
    .option('--shard <number>', 'this shard of a broker with --shards: each becomes a store of its own', wholeNumber(0))
    .option('--json', 'print JSON')
    .addHelpText('after', examples(['kitemq store export ./data --apache /home/rocketmq/store', 'kitemq store export ./data --shard 1 --apache /home/rocketmq/store-1']))
    .action(async (folder: string, flags: StoreExportFlags) => {
      frame.exitCode = await (await storeWorkOf(frame)).runStoreExport(folder, flags, frame.host);
    });
}

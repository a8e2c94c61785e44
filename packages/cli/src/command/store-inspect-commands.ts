import { resolve } from 'node:path';
import { nodeRuntime, silentLogger } from '@kitemq/runtime';
import { type Command, Option } from 'commander';
import { dumpStores, type DumpFlags } from '../work/store-dump-work.ts';
import { type InspectWork, rebuildStores, statStores, verifyStores } from '../work/store-inspect-work.ts';
import { examples, type Frame, storeWorkOf, wholeNumber } from './command-frame.ts';

/** As `bodyForms` of the store's tools, which are loaded only when they are used. */
const bodyForms = ['none', 'auto', 'text', 'hex', 'base64'];

const folderHelp = "the store's folder: what the broker has as --data. The stores of all its shards are gone through (JSON: in \"shards\"), unless --shard or a shard's folder is given";

/** `store verify|rebuild|stat|dump`: work on a store's folder, without a broker. */
export function addStoreInspectCommands(store: Command, frame: Frame): void {
  const verify = add(store, 'verify', "check every record, and all views against the log (queues, compacted topics, key index, offsets, settings); also beside a running broker", [
    'kitemq store verify ./data',
    'kitemq store verify ./data --json | jq .problems',
  ]);
  runsOnFolder(verify, frame, (work) => verifyStores(work));

  const rebuild = add(store, 'rebuild', 'throw the views away and make them again from the log; the broker must be stopped', ['kitemq store rebuild ./data']);
  runsOnFolder(rebuild, frame, (work) => rebuildStores(work));

  const stat = add(store, 'stat', 'show sizes, segments, topics, and how far the checkpoint is behind; also beside a running broker', [
    'kitemq store stat ./data',
    'kitemq store stat ./data --queues',
  ]).option('--queues', 'a line per queue, not per topic');
  runsOnFolder<{ queues?: boolean }>(stat, frame, statStores);

  const dump = add(store, 'dump', 'print records, a line each; also beside a running broker', [
    'kitemq store dump ./data --limit 10',
    'kitemq store dump ./data --topic orders --queue 0 --offset 100 --limit 5 --json',
    'kitemq store dump ./data --after 2026-11-20T10:00:00Z --before 2026-11-20T11:00:00Z',
    'kitemq store dump ./data --topic rmq_sys_KITEMQ_OFFSETS',
  ])
    .option('-t, --topic <topic>', 'only of this topic')
    .option('-q, --queue <id>', 'only of this queue', wholeNumber(0))
    .option('--position <position>', 'only from this log position on', wholeNumber(0))
    .option('--until-position <position>', 'only before this log position', wholeNumber(0))
    .option('--offset <offset>', 'only from this queue offset on', wholeNumber(0))
    .option('--until-offset <offset>', 'only before this queue offset', wholeNumber(0))
    .option('--after <time>', 'only stored at or after this time: a date, or milliseconds')
    .option('--before <time>', 'only stored before this time')
    .option('--limit <count>', 'so many at most', wholeNumber(1))
    .addOption(new Option('--body <form>', 'how bodies are printed; auto: text where it is UTF-8, else base64').choices(bodyForms).default('auto'));
  runsOnFolder<DumpFlags>(dump, frame, dumpStores);
}

function add(store: Command, name: string, description: string, lines: readonly string[]): Command {
  return store
    .command(`${name} <folder>`)
    .description(description)
    .addHelpText('after', `\n<folder> is ${folderHelp}.\n${examples(lines)}`)
    .option('--shard <number>', 'only this shard of a broker with --shards', wholeNumber(0))
    .option('--json', 'print JSON');
}

type FolderWork<F> = (work: InspectWork, flags: F) => Promise<number | void>;

/** Binds work on a store's folder to a command. Ctrl-C ends it. */
function runsOnFolder<F>(command: Command, frame: Frame, work: FolderWork<F>): void {
  command.action(async (folder: string) => {
    const { host } = frame;
    const flags = command.opts() as unknown as F & { readonly json?: boolean; readonly shard?: number };
    const stopping = new AbortController();
    const release = host.onStopSignal(() => {
      if (stopping.signal.aborted) host.exit(1);
      stopping.abort();
    });
    try {
      const runtime = nodeRuntime({ logger: silentLogger });
      const { tools, storesOf } = await storeWorkOf(frame);
      const stores = storesOf(runtime.disk, resolve(folder), flags.shard);
      frame.exitCode = (await work({ tools, host, runtime, stores, json: flags.json === true, signal: stopping.signal }, flags)) ?? 0;
    } finally {
      release();
    }
  });
}

import { isShardWorker, runBroker, runShardWorker } from '@kitemq/cli/internal';

// A shard's thread is started from this file too.
if (isShardWorker()) await runShardWorker();

// What is left over when the service has stopped must not keep the process.
process.exit(await runBroker(process.argv.slice(2)));

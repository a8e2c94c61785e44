// What a shard's thread is started from where there is no bundle.
import { runShardWorker } from './run-shard-worker.ts';

await runShardWorker();

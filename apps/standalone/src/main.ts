import { isShardWorker, runBroker, runCommandLine, runNameserver, runShardWorker, runStandalone, storeWork } from '@kitemq/cli/internal';

// A shard's thread is started from this file too.
if (isShardWorker()) await runShardWorker();

const argv = process.argv.slice(2);
const [first] = argv;
const services = { nameserver: runNameserver, broker: runBroker, standalone: runStandalone, store: async () => storeWork };

// A word in front is a command for a running cluster: `standalone.mjs topic list`.
const status = first === undefined || first.startsWith('-') ? await runStandalone(argv) : await runCommandLine(services, argv);

// What is left over when the service has stopped must not keep the process.
process.exit(status);

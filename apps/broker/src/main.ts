import { runBroker } from '@kitemq/cli/internal';

// What is left over when the service has stopped must not keep the process.
process.exit(await runBroker(process.argv.slice(2)));

import { runNameserver } from '@kitemq/cli/internal';

// What is left over when the service has stopped must not keep the process.
process.exit(await runNameserver(process.argv.slice(2)));

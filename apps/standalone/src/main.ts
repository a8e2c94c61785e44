import { runKitemq, runStandalone } from '@kitemq/cli';

const argv = process.argv.slice(2);
const [first] = argv;
// Without a flag in front it is a command for a running cluster: `standalone.mjs topic list`.
const run = first === undefined || first.startsWith('-') ? runStandalone : runKitemq;

// What is left over when the service has stopped must not keep the process.
process.exit(await run(argv));

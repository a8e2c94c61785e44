import { runKitemq } from './command/run-kitemq.ts';

process.exit(await runKitemq(process.argv.slice(2)));

export { runKitemq } from './command/kitemq.ts';
export { runNameserver } from './services/nameserver.ts';
export { runBroker } from './services/broker.ts';
export { runStandalone } from './services/standalone.ts';
export type { ProcessHost } from './services/process-host.ts';
export { ExitCode } from './services/exit-code.ts';

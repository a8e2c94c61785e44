// What the apps are bundled from: nothing in here loads a module later, so that a bundle is one flat scope.
export { runCommandLine } from './command/command-line.ts';
export { configDocument } from './config/config-document.ts';
export { brokerService, runBroker } from './services/broker.ts';
export { nameserverService, runNameserver } from './services/nameserver.ts';
export { runStandalone, standaloneService } from './services/standalone.ts';
export { isShardWorker, runShardWorker } from './services/shards/run-shard-worker.ts';
export { storeWork } from './work/store-work.ts';

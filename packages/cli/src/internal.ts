export { configDocument } from './config/config-document.ts';
export { brokerService } from './services/broker.ts';
export { nameserverService } from './services/nameserver.ts';
export { standaloneService } from './services/standalone.ts';

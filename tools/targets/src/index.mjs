export { APACHE_VERSION, apacheBroker, apacheClasspath, apacheNameserver } from './apache.mjs';
export { Cluster, startCluster } from './cluster.mjs';
export { javaMissing, mavenClasspath } from './java.mjs';
export { bundlePath, kitemqBroker, kitemqNameserver } from './kitemq.mjs';
export { freePort } from './ports.mjs';
/**
 * @typedef {import('./proc-stats.mjs').ProcStats} ProcStats
 * @typedef {import('./wire.mjs').WireResponse} WireResponse
 */
export { procStats } from './proc-stats.mjs';
export { createTopic, Wire } from './wire.mjs';
export { killServicesAtExit, Service } from './service.mjs';

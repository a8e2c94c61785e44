import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { mavenClasspath } from './java.mjs';
import { Service } from './service.mjs';

/** The release of Apache RocketMQ that KiteMQ is compared with. */
export const APACHE_VERSION = '5.5.0';

/** A JVM on a busy machine of two cores took a minute. */
const START_TIMEOUT_MS = 240_000;

const PROJECT = fileURLToPath(new URL('../apache', import.meta.url));

/** The class path of Apache's servers and of its benchmark programs. @param {(line: string) => void} [log] */
export function apacheClasspath(log) {
  return mavenClasspath(PROJECT, { version: APACHE_VERSION, ...(log === undefined ? {} : { log }) });
}

/** @param {string} dir where logs and everything that Apache puts into a home directory goes */
function jvmFlags(dir) {
  return [
    '-Djava.net.preferIPv4Stack=true',
    `-Duser.home=${path.join(dir, 'home')}`,
    `-Drocketmq.client.logRoot=${path.join(dir, 'log')}`,
    // What Apache's own start scripts pass for current JDKs.
    '--add-opens=java.base/java.nio=ALL-UNNAMED',
    '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
  ];
}

/** @param {Record<string, string | number | boolean>} properties */
function propertiesText(properties) {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/**
 * @param {{ dir: string, port: number, log?: (line: string) => void }} options
 * @returns {Promise<Service>} not started yet
 */
export async function apacheNameserver({ dir, port, log }) {
  const classpath = await apacheClasspath(log);
  fs.mkdirSync(path.join(dir, 'home'), { recursive: true });
  const config = path.join(dir, 'namesrv.properties');
  fs.writeFileSync(
    config,
    propertiesText({
      listenPort: port,
      bindAddress: '127.0.0.1',
      kvConfigPath: path.join(dir, 'kvConfig.json'),
      configStorePath: path.join(dir, 'namesrv-store.properties'),
    }),
  );
  return new Service({
    name: 'apache-nameserver',
    command: 'java',
    args: ['-Xms128m', '-Xmx256m', ...jvmFlags(dir), '-cp', classpath, 'org.apache.rocketmq.namesrv.NamesrvStartup', '-c', config],
    env: { ROCKETMQ_HOME: dir },
    logFile: path.join(dir, 'nameserver.out'),
    ready: /boot success/,
    readyTimeoutMs: START_TIMEOUT_MS,
  });
}

/**
 * @typedef {object} BrokerOptions
 * @property {string} dir state and logs
 * @property {number} port
 * @property {string} namesrvAddr
 * @property {'sync' | 'async'} flush
 * @property {Record<string, string | number | boolean>} [settings] Apache's broker property names
 * @property {string[]} [runtimeFlags] flags for java or node
 * @property {Record<string, string | undefined>} [env]
 * @property {(line: string) => void} [log]
 */

/**
 * @param {BrokerOptions} options
 * @returns {Promise<Service>} not started yet; start() may be called again after a stop and then reads the same data
 */
export async function apacheBroker({ dir, port, namesrvAddr, flush, settings = {}, runtimeFlags, env = {}, log }) {
  const classpath = await apacheClasspath(log);
  fs.mkdirSync(path.join(dir, 'home'), { recursive: true });
  const config = path.join(dir, 'broker.conf');
  fs.writeFileSync(
    config,
    propertiesText({
      brokerClusterName: 'DefaultCluster',
      brokerName: 'broker-a',
      brokerId: 0,
      brokerIP1: '127.0.0.1',
      brokerIP2: '127.0.0.1',
      bindAddress: '127.0.0.1',
      listenPort: port,
      haListenPort: port + 1,
      namesrvAddr,
      flushDiskType: flush === 'sync' ? 'SYNC_FLUSH' : 'ASYNC_FLUSH',
      storePathRootDir: path.join(dir, 'store'),
      storePathCommitLog: path.join(dir, 'store', 'commitlog'),
      ...settings,
    }),
  );
  // The heap of Apache's own start script is 8 GiB; 2 GiB with as much direct memory is what fits a small machine.
  const flags = runtimeFlags ?? ['-Xms2g', '-Xmx2g', '-XX:MaxDirectMemorySize=2g', '-XX:+UseG1GC'];
  return new Service({
    name: 'apache-broker',
    command: 'java',
    args: [...flags, ...jvmFlags(dir), '-cp', classpath, 'kitemq.targets.LoopbackBroker', '-c', config],
    env: { ROCKETMQ_HOME: dir, ...env },
    logFile: path.join(dir, 'broker.out'),
    ready: /boot success/,
    readyTimeoutMs: START_TIMEOUT_MS,
  });
}

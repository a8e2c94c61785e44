import { randomBytes } from 'node:crypto';
import type { Admin, ClientOptions, Message } from '../../src/index.ts';
import { Client } from '../../src/index.ts';

/** A cluster to test against: the one that `KITEMQ_TEST_NAMESERVER` names (Apache's, for instance), else KiteMQ's own, in this process. */
export interface TestCluster {
  readonly nameservers: string;
  /** Only of a cluster of our own. */
  readonly restartBroker?: (() => Promise<void>) | undefined;
  stop(): Promise<void>;
}

interface Testkit {
  startCluster(): Promise<{ readonly nameserver: string; restartBroker(): Promise<void>; stop(): Promise<void> }>;
}

/** By path: testkit depends on this package, so this package cannot depend on it. */
const TESTKIT = new URL('../../../testkit/src/index.ts', import.meta.url).pathname;

export async function testCluster(): Promise<TestCluster> {
  const external = process.env['KITEMQ_TEST_NAMESERVER'];
  if (external !== undefined && external !== '') return { nameservers: external, stop: () => Promise.resolve() };
  const { startCluster } = (await import(/* @vite-ignore */ TESTKIT)) as Testkit;
  const cluster = await startCluster();
  return { nameservers: cluster.nameserver, restartBroker: () => cluster.restartBroker(), stop: () => cluster.stop() };
}

/** A name nobody used before: external clusters keep what earlier runs left. */
export const unique = (name: string): string => `${name}-${randomBytes(5).toString('hex')}`;

/** Everything a test made, closed in the reverse order. */
export class Bench implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly #closing: (() => Promise<void>)[] = [];

  constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  client(options: Partial<ClientOptions> = {}): Client {
    const client = new Client({ nameservers: this.cluster.nameservers, ...options });
    this.#closing.push(() => client.close({ drainMs: 1_000 }));
    return client;
  }

  /** Creates a topic. */
  async topic(admin: Admin, queues = 4): Promise<string> {
    const topic = unique('it');
    await admin.createTopic({ topic, readQueues: queues, writeQueues: queues }, undefined, { timeoutMs: 15_000 });
    return topic;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closing.reverse()) await close();
  }
}

/** Waits until `done` says so. */
export async function until(what: string, done: () => boolean | Promise<boolean>, timeoutMs = 25_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await done())) {
    if (Date.now() > end) throw new Error(`gave up waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export const texts = (messages: readonly Message[]): string[] => messages.map((message) => message.text()).sort();

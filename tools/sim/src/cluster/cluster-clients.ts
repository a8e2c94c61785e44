import type { Client, Message, MessageQueue } from '@kitemq/client';
import { KiteError } from '@kitemq/runtime';
import type { Simulation } from '@kitemq/simulator';
import { check } from '../check.ts';
import { makeBody, readBody } from '../message-body.ts';
import type { ClusterLedger, Stored } from './cluster-ledger.ts';
import type { ClusterPlan } from './cluster-plan.ts';

const topic = 'orders';
const group = 'billing';
const retries = 2;
/** Longer than a broker takes to register again with a nameserver that has forgotten it. */
const patienceMs = 60_000;

export interface Clients {
  readonly simulation: Simulation;
  readonly ledger: ClusterLedger;
  readonly plan: ClusterPlan;
  /** A client on a machine of that name. */
  newClient(name: string): Client;
}

const queueOf = (queueId: number): MessageQueue => ({ topic, brokerName: 'broker-a', queueId });

/** What goes wrong while the broker is away is a KiteError; anything else is a bug of ours. */
const checkError = (error: unknown): void => {
  if (!KiteError.is(error)) throw error;
};

/** Sends all its messages: to each queue one after the other, to several queues at once. */
export const runProducer = async ({ simulation, ledger, plan, newClient }: Clients, index: number): Promise<void> => {
  const client = newClient(`producer-${index}`);
  const random = simulation.random.fork(`producer-${index}`);
  const producer = await client.producer({ group: `producer-${index}`, retries, sendTimeoutMs: 1000 });
  const send = async (queueId: number): Promise<void> => {
    const id = ledger.sending(index, queueId, retries + 1);
    try {
      const result = await producer.send({ topic, body: makeBody(id, random.below(plan.bodyBytesMax)) }, { queue: queueOf(queueId) });
      if (result.status === 'SEND_OK') ledger.acknowledgedAt(id, result.queueOffset);
    } catch (error) {
      checkError(error);
    }
  };
  for (let sent = 0; sent < plan.messages; ) {
    const queues = Array.from({ length: plan.queues }, (_, queueId) => queueId).filter(() => random.chance(0.6));
    await Promise.all(queues.map((queueId) => send(queueId)));
    sent += queues.length;
    await simulation.sleep(random.between(0, 120));
  }
  await producer.stop();
};

const toStored = (message: { readonly body: Uint8Array; readonly queueId: number; readonly queueOffset: number }): Stored => ({
  id: readBody(message.body),
  queueId: message.queueId,
  queueOffset: message.queueOffset,
});

/** Consumes for as long as the story lasts. */
export const runConsumer = ({ simulation, ledger, plan, newClient }: Clients, index: number): void => {
  const client = newClient(`consumer-${index}`);
  const random = simulation.random.fork(`consumer-${index}`);
  simulation.process(`consumer-${index}`).spawn(async () => {
    await simulation.sleep(random.between(0, 500));
    const consumer = await client.consumer({ group, subscriptions: { [topic]: '*' }, from: 'first', commitIntervalMs: plan.commitIntervalMs });
    const handle = async (message: Message): Promise<void> => {
      ledger.delivered(toStored(message));
      if (random.chance(0.2)) await simulation.sleep(random.between(1, 20));
    };
    await consumer.run(handle, { onError: (error) => simulation.fail(error) });
  });
};

/** Asks for the group's offsets again and again: they must never go back. */
export const watchOffsets = ({ simulation, ledger, plan, newClient }: Clients): { stop(): Promise<void> } => {
  const puller = newClient('watcher').puller({ group });
  const controller = new AbortController();
  const watch = async (): Promise<void> => {
    while (!controller.signal.aborted) {
      for (let queueId = 0; queueId < plan.queues; queueId++) {
        try {
          const asked = simulation.now;
          ledger.committed(queueId, await puller.committed(queueOf(queueId), { timeoutMs: 500 }), asked, plan.consumers > 1);
        } catch (error) {
          checkError(error);
        }
      }
      await simulation.sleep(300);
    }
    await puller.stop();
  };
  const watching = watch();
  return {
    stop: () => {
      controller.abort();
      return watching;
    },
  };
};

/** Tries again while servers are away. */
export const patiently = async <T>(simulation: Simulation, attempt: () => Promise<T>): Promise<T> => {
  const end = simulation.now + patienceMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      checkError(error);
      if (simulation.now > end) throw error;
      await simulation.sleep(500);
    }
  }
};

/** Reads every queue from its beginning to its end and compares. */
export const verifyQueues = async ({ simulation, ledger, plan, newClient }: Clients): Promise<void> => {
  const client = newClient('auditor');
  const puller = client.puller({ group: 'auditors' });
  for (let queueId = 0; queueId < plan.queues; queueId++) {
    const stored = await patiently(simulation, async () => {
      check((await puller.minOffset(queueOf(queueId))) === 0, () => `queue ${queueId} does not begin at 0`);
      const found: Stored[] = [];
      for await (const message of puller.read(queueOf(queueId), 0)) found.push(toStored(message));
      return found;
    });
    ledger.verifyQueue(queueId, stored);
  }
  await client.close();
};

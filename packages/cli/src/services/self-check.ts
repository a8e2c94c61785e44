import { Client } from '@kitemq/client';
import { KiteError, type Runtime } from '@kitemq/runtime';

/** Every broker has this topic from its start, for tests. */
const topic = 'BenchmarkTest';
const body = 'KiteMQ self-check';
/** Milliseconds each step may take: the first fdatasync on a busy disk included. */
const stepTimeoutMs = 10_000;

/**
 * Sends a message through the nameserver and the broker, over the wire, and reads it back.
 * @returns how long that took, ms
 * @throws KiteError of the step that failed, or `KITE_SELF_CHECK` when another message came back
 */
export async function selfCheck(runtime: Runtime, nameserver: string, brokerName: string): Promise<number> {
  const started = runtime.clock.monotonic();
  const client = new Client({ nameservers: nameserver, runtime, timeoutMs: stepTimeoutMs });
  try {
    const producer = await client.producer({ group: 'kitemq-self-check', sendTimeoutMs: stepTimeoutMs });
    const sent = await producer.send({ topic, body }, { queue: { topic, brokerName, queueId: 0 }, timeoutMs: stepTimeoutMs });
    const puller = client.puller({ group: 'kitemq-self-check' });
    const pulled = await puller.pull(sent.queue, sent.queueOffset, { maxCount: 1, waitMs: 1000, timeoutMs: stepTimeoutMs });
    const received = pulled.messages[0];
    if (received?.messageId !== sent.messageId || received.text() !== body) {
      throw new KiteError('KITE_SELF_CHECK', `message ${sent.messageId} was stored at offset ${sent.queueOffset} but did not come back from there (${pulled.status})`);
    }
    return runtime.clock.monotonic() - started;
  } finally {
    await client.close();
  }
}

import { Client } from '@kitemq/client';
import { KiteError, type Network, type Runtime } from '@kitemq/runtime';
import { splitAddress } from './host-port.ts';

/** Every broker has this topic from its start, for tests. */
const topic = 'BenchmarkTest';
const body = 'KiteMQ self-check';
/** Milliseconds each step may take: the first fdatasync on a busy disk included. */
const stepTimeoutMs = 10_000;

export interface SelfCheckTarget {
  /** `host:port` */
  readonly nameserver: string;
  readonly brokerName: string;
  /** `host:port` where the broker listens. What it advertises may lead there only from outside (a proxy, a container's port). */
  readonly broker: string;
}

/** The same network, on which every address but the nameserver's leads to the broker. */
function shortCircuit(network: Network, { nameserver, broker }: SelfCheckTarget): Network {
  const { host, port } = splitAddress(broker);
  const nameserverPort = splitAddress(nameserver).port;
  return {
    connect: (options) => network.connect(options.port === nameserverPort ? options : { ...options, host, port }),
    listen: (options, onConnection) => network.listen(options, onConnection),
    loadCredentials: (options) => network.loadCredentials(options),
    localAddresses: () => network.localAddresses(),
  };
}

/**
 * Sends a message through the nameserver and the broker, over the wire, and reads it back.
 * @returns how long that took, ms
 * @throws KiteError of the step that failed, or `KITE_SELF_CHECK` when another message came back
 */
export async function selfCheck(runtime: Runtime, target: SelfCheckTarget): Promise<number> {
  const { nameserver, brokerName } = target;
  const started = runtime.clock.monotonic();
  const client = new Client({ nameservers: nameserver, runtime: { ...runtime, network: shortCircuit(runtime.network, target) }, timeoutMs: stepTimeoutMs });
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

import { KiteError } from '@kitemq/runtime';
import type { Session } from '../command/session.ts';
import { splitAddress } from '../services/host-port.ts';

export interface Finding {
  /** What was looked at: `nameserver 127.0.0.1:9876`, `broker broker-a`. */
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Addresses that mean something else on each machine, or nothing at all outside. */
export function addressAdvice(host: string, nameserverHost: string): string {
  const set = 'set brokerIP1 in broker.conf, or --advertise HOST, to a name or address that clients can reach';
  const nameserverIsLocal = isLoopback(nameserverHost);
  if (host === '0.0.0.0' || host === '::') return `the broker advertises an address nobody can dial: ${set}`;
  if (isLoopback(host) && !nameserverIsLocal) return `the broker advertises a loopback address, which is another machine for each client: ${set}`;
  if (/^(172\.(1[6-9]|2\d|3[01])|10|192\.168)\./.test(host)) return `${host} is a private address (a container's or a virtual network's?) that this machine cannot reach: ${set}`;
  return `is the broker running, and is the port open from here? If clients must use another address, ${set}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

async function dial(session: Session, address: string): Promise<string> {
  const { host, port } = splitAddress(address);
  if (host === '' || !Number.isInteger(port)) throw new KiteError('KITE_ADDRESS', `"${address}" is no address: HOST:PORT is`);
  const started = session.runtime.clock.monotonic();
  const socket = await session.runtime.network.connect({ host, port, timeoutMs: session.flags.timeout, signal: session.signal });
  const elapsed = session.runtime.clock.monotonic() - started;
  socket.destroy();
  return `connected in ${elapsed.toFixed(1)} ms`;
}

async function checkNameserver(session: Session, address: string): Promise<Finding> {
  const what = `nameserver ${address}`;
  try {
    return { what, ok: true, detail: await dial(session, address) };
  } catch (error) {
    return { what, ok: false, detail: messageOf(error), advice: 'is a nameserver running there, and is the port open from here? Start one with: kitemq standalone' };
  }
}

async function checkBroker(session: Session, name: string, address: string, nameserverHost: string): Promise<Finding> {
  const what = `broker ${name} at ${address}`;
  let detail: string;
  try {
    detail = await dial(session, address);
  } catch (error) {
    return { what, ok: false, detail: messageOf(error), advice: addressAdvice(splitAddress(address).host, nameserverHost) };
  }
  try {
    const info = await session.admin.brokerRuntimeInfo(address, { signal: session.signal });
    return { what, ok: true, detail: `${detail}, answers requests (${info['brokerVersionDesc'] ?? 'version unknown'})` };
  } catch (error) {
    return { what, ok: false, detail: `${detail}, but a request failed: ${messageOf(error)}`, advice: 'something else may listen on that port, or a proxy in between does not pass the protocol' };
  }
}

async function checkTopic(session: Session, topic: string): Promise<Finding> {
  const what = `topic ${topic}`;
  try {
    const route = await session.admin.topicRoute(topic, { signal: session.signal });
    const writable = route.queues.filter((queue) => (queue.perm & 2) !== 0 && queue.writeQueues > 0);
    if (writable.length === 0) return { what, ok: false, detail: 'no broker takes messages for it', advice: 'give it write permission: kitemq topic create TOPIC --perm 6' };
    return { what, ok: true, detail: `writable on ${writable.map((queue) => queue.brokerName).join(', ')}` };
  } catch (error) {
    return { what, ok: false, detail: messageOf(error), advice: `create it with: kitemq topic create ${topic}` };
  }
}

async function examine(session: Session, topic: string | undefined): Promise<Finding[]> {
  const addresses = session.flags.nameserver.split(';').map((address) => address.trim()).filter((address) => address !== '');
  const findings = await Promise.all(addresses.map((address) => checkNameserver(session, address)));
  const reachable = addresses[findings.findIndex((finding) => finding.ok)];
  if (reachable === undefined) return findings;
  const nameserverHost = splitAddress(reachable).host;
  try {
    const { brokers } = await session.admin.clusterInfo({ signal: session.signal });
    const members = brokers.flatMap((set) => set.members.map((member) => ({ name: set.brokerName, address: member.address })));
    if (members.length === 0) {
      const advice = `start one with: kitemq broker --nameserver ${reachable} --data DIR`;
      findings.push({ what: 'brokers', ok: false, detail: 'none is registered at the nameserver', advice });
    }
    findings.push(...(await Promise.all(members.map(({ name, address }) => checkBroker(session, name, address, nameserverHost)))));
  } catch (error) {
    findings.push({ what: 'cluster information', ok: false, detail: messageOf(error), advice: 'the port is open, but what listens there does not answer as a nameserver does' });
  }
  if (topic !== undefined) findings.push(await checkTopic(session, topic));
  return findings;
}

/** Dials every address as a client would and says what is wrong. Exit code 1 when something is. */
export async function doctor(session: Session, flags: { readonly topic?: string | undefined }): Promise<number> {
  const findings = await examine(session, flags.topic);
  const healthy = findings.every((finding) => finding.ok);
  session.answer({ healthy, findings }, () => {
    const lines = findings.map(({ what, ok, detail, advice }) => `${ok ? 'ok  ' : 'FAIL'}  ${what}: ${detail}${advice === undefined ? '' : `\n      → ${advice}`}`);
    return `${lines.join('\n')}\n${healthy ? 'A client on this machine reaches everything.' : 'A client on this machine does not reach everything.'}\n`;
  });
  return healthy ? 0 : 1;
}

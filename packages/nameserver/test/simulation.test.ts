import { Commands } from '@kitemq/protocol';
import { RemotingClient } from '@kitemq/remoting';
import type { Runtime } from '@kitemq/runtime';
import { sleep } from '@kitemq/runtime';
import { Simulation } from '@kitemq/simulator';
import { describe, expect, it } from 'vitest';
import { Nameserver } from '../src/index.ts';
import { registerBody, registerHeader } from './support.ts';

const seeds = Number(process.env['KITEMQ_SEEDS'] ?? 15);
const listenPort = 9_876;
const registerPeriodMs = 10_000;

/** A broker as far as name servers see one: registers with all of them, again and again. */
const brokerLife = async (runtime: Runtime, brokerName: string, nameservers: readonly string[]): Promise<void> => {
  const client = new RemotingClient({ runtime });
  const parts = { brokerName, brokerAddr: `${brokerName}:10911`, heartbeatTimeoutMillis: 30_000 };
  for (;;) {
    await Promise.all(nameservers.map((address) => client.invoke(address, Commands.registerBroker, registerHeader(parts), registerBody(parts)).catch(() => {})));
    await sleep(runtime.timers, registerPeriodMs);
  }
};

const startOn = async (runtime: Runtime): Promise<Nameserver> => {
  const nameserver = new Nameserver({ runtime, settings: { bindAddress: '0.0.0.0', listenPort, kvConfigPath: '/var/lib/namesrv/kvConfig.json' } });
  await nameserver.start();
  return nameserver;
};

describe('name servers in a simulated network', () => {
  it('keep the first KV config they acknowledged through a power cut, though its directory was new', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const simulation = new Simulation({ seed });
      await simulation.run(async () => {
        const machine = simulation.process('n');
        await startOn(machine.runtime);
        const admin = new RemotingClient({ runtime: simulation.observer });
        const address = `${machine.address}:${listenPort}`;
        expect((await admin.invoke(address, Commands.putKvConfig, { namespace: 'N', key: 'k', value: 'v' })).ok).toBe(true);
        machine.powerCut();
        await startOn(machine.restart());
        admin.closeAddress(address);
        expect((await admin.invoke(address, Commands.getKvConfig, { namespace: 'N', key: 'k' })).header().value).toBe('v');
        await admin.shutdown();
      });
    }
  });

  it('show exactly the brokers that live, soon after the faults end; KV configs they acknowledged are kept', { timeout: 120_000 }, async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const simulation = new Simulation({ seed, rerun: `KITEMQ_SEEDS=${seed} npx vitest run test/simulation.test.ts` });
      await simulation.run(async () => {
        const { random, network } = simulation;
        const servers = ['n1', 'n2'].map((name) => simulation.process(name));
        for (const server of servers) await startOn(server.runtime);
        const addresses = servers.map((server) => `${server.address}:${listenPort}`);
        const brokers = ['a', 'b', 'c'].map((name) => simulation.process(name));
        for (const broker of brokers) broker.spawn((runtime) => brokerLife(runtime, broker.name, addresses));
        const admin = new RemotingClient({ runtime: simulation.observer });
        const kept = new Map<string, string>();
        for (let fault = 0; fault < 6; fault++) {
          const value = String(fault);
          const put = await admin.invoke(addresses[0]!, Commands.putKvConfig, { namespace: 'N', key: `k${fault % 2}`, value }).catch(() => undefined);
          if (put?.ok) kept.set(`k${fault % 2}`, value);
          // Unanswered: it may or may not have been written.
          else kept.delete(`k${fault % 2}`);
          await simulation.sleep(random.below(20_000));
          const broker = random.pick(brokers);
          const server = random.pick(servers);
          const kind = random.below(4);
          if (kind === 0 && broker.alive) (random.chance(0.5) ? broker.kill : broker.powerCut).call(broker);
          else if (kind === 0) {
            broker.restart();
            broker.spawn((runtime) => brokerLife(runtime, broker.name, addresses));
          } else if (kind === 1) simulation.partition(broker.machine.name, server.machine.name, { oneWay: random.chance(0.5) });
          else if (kind === 2) {
            (random.chance(0.5) ? server.kill : server.powerCut).call(server);
            await simulation.sleep(random.below(5_000));
            await startOn(server.restart());
          } else for (const each of network.connections()) if (random.chance(0.5)) network.reset(each);
        }
        simulation.heal();
        await simulation.sleep(150_000);
        const living = brokers.filter((broker) => broker.alive).map((broker) => broker.name);
        for (const address of addresses) {
          const info = (await admin.invoke(address, Commands.getBrokerClusterInfo, {})).body();
          expect([...info.brokerAddrTable.keys()].toSorted()).toEqual(living);
          const route = await admin.invoke(address, Commands.getRouteInfoByTopic, { topic: 'T1' });
          expect(route.ok ? route.body().queueDatas.map((queue) => queue.brokerName).toSorted() : []).toEqual(living);
        }
        for (const [key, value] of kept) {
          expect((await admin.invoke(addresses[0]!, Commands.getKvConfig, { namespace: 'N', key })).header().value).toBe(value);
        }
        await admin.shutdown();
      });
    }
  });
});

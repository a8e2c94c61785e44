import { Simulation, SimulatedRandom } from '@kitemq/simulator';
import { KiteError } from '@kitemq/runtime';
import type { Runtime } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { RemotingClient, RemotingServer } from '../src/index.ts';
import type { Request } from '../src/index.ts';
import { answerEcho, echo } from './support.ts';

const port = 10_911;
const seeds = Number(process.env['KITEMQ_SEEDS'] ?? 20);

const serve = async (runtime: Runtime, answer: (request: Request) => void = answerEcho): Promise<RemotingServer> => {
  const server = new RemotingServer({ runtime, host: '0.0.0.0', port, processors: () => answer });
  await server.start();
  return server;
};

/** Answers at once, later, in another order, or never. */
const moody =
  (runtime: Runtime, random: SimulatedRandom) =>
  (request: Request): void => {
    const { text, number } = request.header(echo.request);
    // Answered later: the request's own bytes are gone then.
    const body = Uint8Array.from(request.body ?? []);
    request.detach();
    const answer = (): void => request.reply(echo, 0, { text, number }, { body });
    const mood = random.below(10);
    if (mood < 5) answer();
    else if (mood < 9) runtime.timers.setTimeout(answer, random.below(2_000));
  };

interface Tally {
  answered: number;
  failed: number;
}

/** Calls one after the other; each must end in time, with its own answer or an error of the contract. */
const callFor = async (runtime: Runtime, client: RemotingClient, random: SimulatedRandom, address: string): Promise<Tally> => {
  const tally: Tally = { answered: 0, failed: 0 };
  for (let call = 0; call < 30; call++) {
    const number = random.below(1_000_000);
    const body = Buffer.alloc(random.below(20_000), number);
    const timeoutMs = 1 + random.below(3_000);
    const startedAt = runtime.clock.monotonic();
    try {
      const reply = await client.invoke(address, echo, { number, text: `call ${call}` }, body, { timeoutMs });
      expect(reply.header()).toEqual({ number, text: `call ${call}` });
      expect(Buffer.from(reply.bytes ?? []).equals(body)).toBe(true);
      tally.answered++;
    } catch (error) {
      if (!KiteError.is(error)) throw error;
      expect(['KITE_TIMEOUT', 'KITE_CHANNEL_CLOSED', 'KITE_CONNECT_FAILED', 'KITE_CONNECT_TIMEOUT']).toContain(error.code);
      tally.failed++;
    }
    // A call ends when its time is over, give or take the timer wheel.
    expect(runtime.clock.monotonic() - startedAt).toBeLessThanOrEqual(timeoutMs + 200);
    if (random.chance(0.2)) await new Promise<void>((resolve) => runtime.timers.setTimeout(resolve, random.below(500)));
  }
  return tally;
};

describe('in a simulated network', () => {
  it('calls end in time with their own answer or an error, whatever the network and the server do', { timeout: 120_000 }, async () => {
    const sum: Tally = { answered: 0, failed: 0 };
    for (let seed = 1; seed <= seeds; seed++) {
      const simulation = new Simulation({ seed, rerun: `KITEMQ_SEEDS=${seed} npx vitest run test/simulation.test.ts` });
      await simulation.run(async () => {
        const { random, network } = simulation;
        network.faults = { ...network.faults, delayMs: [0.05, random.pick([1, 20, 300])], lossProbability: random.pick([0, 0.02]), cutProbability: 0.5, resetProbability: random.pick([0, 0.01]) };
        const machine = simulation.process('server');
        let server = await serve(machine.runtime, moody(machine.runtime, random.fork('server')));
        const clients = ['a', 'b'].map((name) => simulation.process(name).runtime).map((runtime) => ({ runtime, client: new RemotingClient({ runtime }) }));
        const calls = clients.flatMap(({ runtime, client }, which) => Array.from({ length: 4 }, (_, each) => callFor(runtime, client, random.fork(`calls-${which}-${each}`), `${machine.address}:${port}`)));
        for (let fault = 0; fault < 4; fault++) {
          await simulation.sleep(random.below(5_000));
          const kind = random.below(4);
          if (kind === 0) {
            simulation.partition('a', 'server', { oneWay: random.chance(0.5) });
            await simulation.sleep(random.below(4_000));
            simulation.heal();
          } else if (kind === 1) {
            for (const each of network.connections()) network.reset(each);
          } else if (kind === 2) {
            if (random.chance(0.5)) machine.kill();
            else machine.powerCut();
            await simulation.sleep(random.below(2_000));
            server = await serve(machine.restart(), moody(machine.runtime, random.fork(`server-${fault}`)));
          }
        }
        for (const { answered, failed } of await Promise.all(calls)) {
          sum.answered += answered;
          sum.failed += failed;
        }
        for (const { client } of clients) await client.shutdown();
        await server.shutdown();
        expect(server.connections.size).toBe(0);
        expect(server.requestsInFlight).toBe(0);
      });
    }
    // The run proves nothing when nearly everything fails, or nothing does.
    expect(sum.answered).toBeGreaterThan(seeds * 60);
    expect(sum.failed).toBeGreaterThan(seeds);
  });

  it('a half-open connection is given up by both ends after the idle time', async () => {
    const simulation = new Simulation({ seed: 7 });
    await simulation.run(async () => {
      const machine = simulation.process('server');
      const server = await serve(machine.runtime);
      const { runtime } = simulation.process('client');
      const client = new RemotingClient({ runtime });
      const address = `${machine.address}:${port}`;
      expect((await client.invoke(address, echo, {})).ok).toBe(true);
      simulation.partition('client', 'server');
      await simulation.sleep(115_000);
      expect([client.isConnected(address), server.connections.size]).toEqual([true, 1]);
      await simulation.sleep(25_000);
      expect([client.isConnected(address), server.connections.size]).toEqual([false, 0]);
      await client.shutdown();
      await server.shutdown();
    });
  });

  it('traffic of any kind keeps a connection: 30 s between heartbeats is often enough', async () => {
    const simulation = new Simulation({ seed: 8 });
    await simulation.run(async () => {
      const machine = simulation.process('server');
      const server = await serve(machine.runtime);
      const client = new RemotingClient({ runtime: simulation.process('client').runtime });
      for (let beat = 0; beat < 20; beat++) {
        await client.invoke(`${machine.address}:${port}`, echo, {});
        await simulation.sleep(30_000);
      }
      expect(server.counters.accepted).toBe(1);
      await client.shutdown();
      await server.shutdown();
    });
  });

  it('a peer that reads slowly but steadily is not idle', async () => {
    const simulation = new Simulation({ seed: 10 });
    await simulation.run(async () => {
      // 4 MB take more than two minutes, in which nothing is read from the peer.
      simulation.network.faults = { ...simulation.network.faults, bytesPerMs: 1.5, windowBytes: 64 * 1024, cutProbability: 0 };
      const machine = simulation.process('server');
      const body = Buffer.alloc(100_000, 1);
      const server = await serve(machine.runtime, (request) => request.reply(echo, 0, {}, { body }));
      const client = new RemotingClient({ runtime: simulation.process('client').runtime, limits: { idleMs: 3_600_000 } });
      const replies = await Promise.all(Array.from({ length: 40 }, () => client.invoke(`${machine.address}:${port}`, echo, {}, undefined, { timeoutMs: 3_000_000 })));
      expect(replies.every((reply) => reply.bytes?.length === body.length)).toBe(true);
      expect(simulation.now).toBeGreaterThan(150_000);
      expect([server.counters.idleClosed, server.counters.pauses > 0]).toEqual([0, true]);
      await client.shutdown();
      await server.shutdown();
    });
  });

  it('an address that is down is tried again after at most the backoff’s maximum', async () => {
    const simulation = new Simulation({ seed: 9 });
    await simulation.run(async () => {
      const machine = simulation.process('server');
      const { runtime } = simulation.process('client');
      const client = new RemotingClient({ runtime, backoffMaxMs: 3_000 });
      const address = `${machine.address}:${port}`;
      let attempts = 0;
      const connect = runtime.network.connect.bind(runtime.network);
      runtime.network.connect = (options) => {
        attempts++;
        return connect(options);
      };
      for (let call = 0; call < 600; call++) {
        await expect(client.invoke(address, echo, {})).rejects.toMatchObject({ code: 'KITE_CONNECT_FAILED' });
        await simulation.sleep(100);
      }
      // One minute: doubling from 100 ms to 3 s, each shortened by up to a half.
      expect(attempts).toBeGreaterThan(20);
      expect(attempts).toBeLessThan(60);
      const server = await serve(machine.runtime);
      await simulation.sleep(3_000);
      expect((await client.invoke(address, echo, {})).ok).toBe(true);
      await client.shutdown();
      await server.shutdown();
    });
  });
});

import { describe, expect, test } from 'vitest';
import { Simulation, SimulationFailure } from '@kitemq/simulator';
import { bytes, datasync, SocketRecorder, write } from './helpers.ts';

/** A bit of everything: timers, randomness, disk, network, a crash. */
const life = async (seed: number, fastMicrotasks: boolean): Promise<Simulation> => {
  const simulation = new Simulation({ seed, fastMicrotasks });
  const server = simulation.process('server');
  const client = simulation.process('client');
  simulation.network.faults.lossProbability = 0.05;
  await simulation.run(async () => {
    server.runtime.disk.makeDirectorySync('/data');
    const file = server.runtime.disk.openSync('/data/log', 'create');
    let end = 0;
    const listener = await server.runtime.network.listen({ host: '0.0.0.0', port: 0 }, (socket) => {
      socket.setHandler({
        onData: (chunk) => {
          file.writeSync(chunk, 0, chunk.length, end);
          end += chunk.length;
          file.datasync(() => socket.write(bytes('ok')));
        },
        onDrain: () => {},
        onClose: () => {},
      });
    });
    const socket = await client.runtime.network.connect({ host: 'server', port: listener.port, timeoutMs: 1000 });
    const recorder = new SocketRecorder(socket);
    for (let index = 0; index < 20; index++) {
      socket.write(client.runtime.random.bytes(100));
      await simulation.sleep(client.runtime.random.below(5));
    }
    server.powerCut();
    server.restart();
    await simulation.sleep(1000);
    socket.write(bytes('anybody?'));
    while (recorder.closed === undefined) await simulation.sleep(10);
  });
  return simulation;
};

describe('determinism', () => {
  test('the same seed gives the same run, another seed another one', async () => {
    const hashes: number[] = [];
    for (const seed of [1, 2, 3, 4, 5]) {
      const [first, second] = [await life(seed, true), await life(seed, true)];
      expect(second.traceHash).toBe(first.traceHash);
      expect(second.now).toBe(first.now);
      hashes.push(first.traceHash);
    }
    expect(new Set(hashes).size).toBe(5);
  });

  test('V8 running the microtasks and the real event loop running them are the same', async () => {
    for (const seed of [6, 7]) {
      const [fast, slow] = [await life(seed, true), await life(seed, false)];
      expect(slow.traceHash).toBe(fast.traceHash);
      expect(slow.eventCount).toBe(fast.eventCount);
    }
  });
});

describe('a failing run', () => {
  test('says the seed, the virtual time and how to run it again', async () => {
    const simulation = new Simulation({ seed: 4711, rerun: 'npm run sim -- --from 4711 --seeds 1' });
    const failure: unknown = await simulation
      .run(async () => {
        await simulation.sleep(25);
        throw new Error('message 7 is gone');
      })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SimulationFailure);
    const { message, seed, cause } = failure as SimulationFailure;
    expect(seed).toBe(4711);
    expect(message).toMatch(/message 7 is gone\n {2}seed 4711, at 25\.\d{3} ms of virtual time; run it again: npm run sim -- --from 4711 --seeds 1/);
    expect((cause as Error).message).toBe('message 7 is gone');
  });

  test('an exception in a callback, a rejection nobody handles and a failed task end it', async () => {
    const causes = [
      (simulation: Simulation) => simulation.observer.timers.setTimeout(() => expect.unreachable('in a timer'), 1),
      (simulation: Simulation) => simulation.observer.timers.setTimeout(() => void Promise.reject(new Error('unhandled')), 1),
      (simulation: Simulation) => simulation.process('p').spawn(async () => expect.unreachable('in a task')),
    ];
    for (const cause of causes) {
      const simulation = new Simulation({ seed: 1 });
      const run = simulation.run(async () => {
        cause(simulation);
        await new Promise(() => {});
      });
      await expect(run).rejects.toThrow(SimulationFailure);
    }
  });

  test('one that can never end is stuck, one that takes too long is out of time', async () => {
    const stuck = new Simulation({ seed: 1 });
    await expect(stuck.run(() => new Promise(() => {}))).rejects.toThrow('nothing is left to happen');
    const slow = new Simulation({ seed: 1 });
    const run = slow.run(
      async () => {
        for (;;) await slow.sleep(1000);
      },
      { limitMs: 60_000 },
    );
    await expect(run).rejects.toThrow('not ended after 60000 ms');
  });
});

describe('a dead process', () => {
  test('its timers never fire and its disk never calls back; a new life starts clean', async () => {
    const simulation = new Simulation({ seed: 3 });
    const victim = simulation.process('victim');
    const came: string[] = [];
    await simulation.run(async () => {
      const { timers, disk } = victim.runtime;
      disk.makeDirectorySync('/data');
      const file = disk.openSync('/data/a', 'create');
      write(file, 'abc');
      timers.setTimeout(() => came.push('timeout'), 5);
      timers.setInterval(() => came.push('interval'), 5);
      timers.setImmediate(() => came.push('immediate'));
      file.datasync(() => came.push('datasync'));
      file.read(Buffer.alloc(3), 0, 3, 0, () => came.push('read'));
      victim.kill();
      await simulation.sleep(100);
      expect(() => write(file, 'x')).toThrow('is dead');
      expect(() => disk.listSync('/')).toThrow('is dead');
      victim.restart().timers.setTimeout(() => came.push('second life'), 5);
      await simulation.sleep(100);
    });
    expect(came).toEqual(['second life']);
  });

  test('a crash planned for the n-th change of the disk ends it there, in the planned way', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const simulation = new Simulation({ seed });
      const victim = simulation.process('victim');
      const wrote: number[] = [];
      await simulation.run(async () => {
        victim.runtime.disk.makeDirectorySync('/data');
        victim.disk.crashAfterOperations(8);
        victim.spawn(async ({ disk, timers }) => {
          const file = disk.openSync('/data/a', 'create');
          for (let index = 0; ; index++) {
            write(file, 'x', index);
            wrote.push(index);
            if (index % 2 === 0) await datasync(file);
            await new Promise<void>((resolve) => timers.setTimeout(resolve, 1));
          }
        });
        await victim.died();
        expect(victim.alive).toBe(false);
        // create, then write, sync, write | write, sync, write | write: the eighth change.
        expect(wrote).toEqual([0, 1, 2, 3]);
        await simulation.sleep(50);
      });
    }
  });
});

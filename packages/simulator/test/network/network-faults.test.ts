import { describe, expect, test } from 'vitest';
import type { NetworkSocket } from '@kitemq/runtime';
import type { SimulatedProcess } from '@kitemq/simulator';
import { Simulation } from '@kitemq/simulator';
import { bytes, SocketRecorder } from '../helpers.ts';

interface World {
  readonly simulation: Simulation;
  readonly client: SimulatedProcess;
  readonly server: SimulatedProcess;
  readonly socket: NetworkSocket;
  readonly accepted: NetworkSocket;
  readonly here: SocketRecorder;
  readonly there: SocketRecorder;
}

const connected = async (seed: number, scenario: (world: World) => Promise<void>): Promise<void> => {
  const simulation = new Simulation({ seed });
  const client = simulation.process('client');
  const server = simulation.process('server');
  await simulation.run(async () => {
    const accepting = new Promise<NetworkSocket>((resolve) => void server.runtime.network.listen({ host: '0.0.0.0', port: 9876 }, resolve));
    const socket = await client.runtime.network.connect({ host: server.address, port: 9876, timeoutMs: 1000 });
    const accepted = await accepting;
    await scenario({ simulation, client, server, socket, accepted, here: new SocketRecorder(socket), there: new SocketRecorder(accepted) });
  });
};

describe('a connection', () => {
  test('keeps the order of bytes whatever is cut, joined, lost and delayed', async () => {
    const shapes = new Set<string>();
    for (let seed = 1; seed <= 50; seed++) {
      await connected(seed, async ({ simulation, socket, there }) => {
        Object.assign(simulation.network.faults, { cutProbability: 0.5, lossProbability: 0.2, delayMs: [0.1, 20] });
        let sent = '';
        for (let index = 0; index < 30; index++) {
          const text = `<${index}>`.repeat(1 + simulation.random.below(5));
          sent += text;
          socket.write(bytes(text));
          if (simulation.random.chance(0.3)) await simulation.sleep(1);
        }
        await simulation.sleep(20_000);
        expect(there.text).toBe(sent);
        shapes.add(there.chunks.join());
      });
    }
    expect(shapes.size).toBe(50);
  });

  test('addresses are what the other machine dialled', async () => {
    await connected(1, async ({ client, server, socket, accepted }) => {
      expect(accepted.localAddress).toBe(server.address);
      expect(accepted.remoteAddress).toBe(client.address);
      expect(socket.remotePort).toBe(9876);
      expect(client.runtime.network.localAddresses()).toEqual([client.address]);
      await Promise.resolve();
    });
  });

  test('a buffer that its owner reuses after writing is found out while the window is full', async () => {
    await connected(1, async ({ simulation, socket, accepted, there }) => {
      accepted.pause();
      simulation.network.faults.windowBytes = 4;
      const buffer = Buffer.from('abcdefgh');
      socket.write(buffer);
      buffer.fill('X');
      accepted.resume();
      await simulation.sleep(100);
      expect(there.text).toBe('abcdXXXX');
    });
  });
});

describe('broken connections', () => {
  test('reset: both ends see ECONNRESET', async () => {
    await connected(1, async ({ simulation, here, there }) => {
      for (const each of simulation.network.connections('client', 'server')) simulation.network.reset(each);
      await simulation.sleep(10);
      expect((here.closed?.error as { code?: string } | undefined)?.code).toBe('ECONNRESET');
      expect((there.closed?.error as { code?: string } | undefined)?.code).toBe('ECONNRESET');
    });
  });

  test('half-open: the peer knows nothing until it sends', async () => {
    await connected(1, async ({ simulation, accepted, here, there }) => {
      for (const each of simulation.network.connections('client')) simulation.network.vanish(each);
      await simulation.sleep(600_000);
      expect([here.closed, there.closed]).toEqual([undefined, undefined]);
      accepted.write(bytes('hello?'));
      await simulation.sleep(100);
      expect((there.closed?.error as { code?: string } | undefined)?.code).toBe('ECONNRESET');
    });
  });

  test('a killed process: its peers are told; its listener is gone', async () => {
    await connected(2, async ({ simulation, client, server, here }) => {
      server.kill();
      await simulation.sleep(100);
      expect(here.closed).toBeDefined();
      const { network } = client.runtime;
      await expect(network.connect({ host: 'server', port: 9876, timeoutMs: 1000 })).rejects.toMatchObject({ code: 'KITE_CONNECT_FAILED' });
    });
  });

  test('a power cut: peers hear nothing, connecting times out; after the restart what they send is reset', async () => {
    await connected(3, async ({ simulation, client, server, socket, here }) => {
      server.powerCut();
      await simulation.sleep(30_000);
      expect(here.closed).toBeUndefined();
      const { network } = client.runtime;
      await expect(network.connect({ host: 'server', port: 9876, timeoutMs: 1000 })).rejects.toMatchObject({ code: 'KITE_CONNECT_TIMEOUT' });
      server.restart();
      socket.write(bytes('still there?'));
      await simulation.sleep(1000);
      expect((here.closed?.error as { code?: string } | undefined)?.code).toBe('ECONNRESET');
    });
  });

  test('a peer that never answers is given up', async () => {
    await connected(4, async ({ simulation, server, socket, here }) => {
      server.powerCut();
      socket.write(bytes('x'));
      await simulation.sleep(120_000);
      expect((here.closed?.error as { code?: string } | undefined)?.code).toBe('ETIMEDOUT');
    });
  });

  test('resets by chance', async () => {
    await connected(5, async ({ simulation, socket, here }) => {
      simulation.network.faults.resetProbability = 0.5;
      while (here.closed === undefined) {
        socket.write(bytes('x'));
        await simulation.sleep(10);
      }
      expect(here.closed.error).toBeDefined();
    });
  });
});

describe('partitions', () => {
  test('both ways: nothing passes, and all of it after healing', async () => {
    await connected(6, async ({ simulation, socket, accepted, here, there }) => {
      simulation.partition('client', 'server');
      socket.write(bytes('to server'));
      accepted.write(bytes('to client'));
      await simulation.sleep(5000);
      expect([here.text, there.text]).toEqual(['', '']);
      simulation.heal();
      await simulation.sleep(1000);
      expect([here.text, there.text]).toEqual(['to client', 'to server']);
    });
  });

  test('one way: the other direction works', async () => {
    await connected(7, async ({ simulation, client, socket, accepted, here, there }) => {
      simulation.partition('client', 'server', { oneWay: true });
      socket.write(bytes('lost'));
      accepted.write(bytes('found'));
      await simulation.sleep(5000);
      expect([here.text, there.text]).toEqual(['found', '']);
      const { network } = client.runtime;
      await expect(network.connect({ host: 'server', port: 9876, timeoutMs: 1000 })).rejects.toMatchObject({ code: 'KITE_CONNECT_TIMEOUT' });
    });
  });
});

test('bandwidth: many bytes take their time', async () => {
  await connected(8, async ({ simulation, socket, there }) => {
    simulation.network.faults.bytesPerMs = 10;
    const start = simulation.now;
    socket.write(new Uint8Array(10_000));
    while (there.text.length < 10_000) await simulation.sleep(10);
    expect(simulation.now - start).toBeGreaterThan(1000);
  });
});

import { KiteError, type NetworkSocket, nodeRuntime } from '@kitemq/runtime';
import { describe, expect, it, vi } from 'vitest';
import { LoopbackNetwork } from '../src/loopback-network.ts';

const { timers } = nodeRuntime();
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 2 });

interface End {
  readonly socket: NetworkSocket;
  readonly chunks: Uint8Array[];
  text(): string;
  drains: number;
  closed: boolean;
  error: Error | undefined;
}

function watch(socket: NetworkSocket): End {
  const chunks: Uint8Array[] = [];
  const end: End = { socket, chunks, text: () => Buffer.concat(chunks).toString(), drains: 0, closed: false, error: undefined };
  socket.setHandler({
    onData: (chunk) => void chunks.push(chunk),
    onDrain: () => void end.drains++,
    onClose: (error) => {
      expect(end.closed).toBe(false);
      end.closed = true;
      end.error = error;
    },
  });
  return end;
}

async function connected(): Promise<{ client: End; server: End; network: LoopbackNetwork }> {
  const network = new LoopbackNetwork(timers);
  let server: End | undefined;
  const listener = await network.listen({ host: '127.0.0.1', port: 0 }, (socket) => (server = watch(socket)));
  const client = watch(await network.connect({ host: 'any.name', port: listener.port, timeoutMs: 100 }));
  await until(() => expect(server).toBeDefined());
  return { client, server: server as End, network };
}

describe('LoopbackNetwork', () => {
  it('carries bytes both ways, in order, never inside the call', async () => {
    const { client, server } = await connected();
    client.socket.write(Buffer.from('he'));
    client.socket.write(Buffer.from('llo'));
    expect(server.chunks).toHaveLength(0);
    await until(() => expect(server.text()).toBe('hello'));
    server.socket.write(Buffer.from('back'));
    await until(() => expect(client.text()).toBe('back'));
    expect(client.socket.remotePort).toBe(server.socket.localPort);
    expect(server.socket.remotePort).toBe(client.socket.localPort);
  });

  it('keeps what arrived before the handler was set', async () => {
    const network = new LoopbackNetwork(timers);
    let accepted: NetworkSocket | undefined;
    const { port } = await network.listen({ host: '127.0.0.1', port: 0 }, (socket) => (accepted = socket));
    const client = await network.connect({ host: '127.0.0.1', port, timeoutMs: 100 });
    client.write(Buffer.from('early'));
    await until(() => expect(accepted).toBeDefined());
    const server = watch(accepted as NetworkSocket);
    await until(() => expect(server.text()).toBe('early'));
  });

  it('pushes back on a fast writer while the reader is paused, and drains after', async () => {
    const { client, server } = await connected();
    server.socket.pause();
    expect(client.socket.write(Buffer.alloc(1000))).toBe(true);
    expect(client.socket.write(Buffer.alloc(100_000))).toBe(false);
    expect(client.socket.bufferedBytes).toBe(101_000);
    expect(client.drains).toBe(0);
    server.socket.resume();
    await until(() => expect(client.drains).toBe(1));
    expect(client.socket.bufferedBytes).toBe(0);
    expect(server.text()).toHaveLength(101_000);
  });

  it('delivers what was written before end, then closes both ends without an error', async () => {
    const { client, server } = await connected();
    client.socket.write(Buffer.from('last'));
    client.socket.end();
    await until(() => expect(client.closed && server.closed).toBe(true));
    expect(server.text()).toBe('last');
    expect(server.error).toBeUndefined();
    expect(client.socket.write(Buffer.from('more'))).toBe(false);
  });

  it('closes both ends at once when one is destroyed', async () => {
    const { client, server } = await connected();
    const reason = new Error('reason');
    server.socket.destroy(reason);
    await until(() => expect(client.closed && server.closed).toBe(true));
    expect(server.error).toBe(reason);
  });

  it('closes the connection of a handler that throws', async () => {
    const { client, server } = await connected();
    server.socket.setHandler({
      onData: () => {
        throw new Error('bad handler');
      },
      onDrain: () => {},
      onClose: (error) => (server.error = error),
    });
    client.socket.write(Buffer.from('x'));
    await until(() => expect(client.closed).toBe(true));
    expect(server.error?.message).toBe('bad handler');
  });

  it('refuses a taken port, and connections to a port nobody listens on', async () => {
    const network = new LoopbackNetwork(timers);
    const listener = await network.listen({ host: '127.0.0.1', port: 7 }, () => {});
    await expect(network.listen({ host: '127.0.0.1', port: 7 }, () => {})).rejects.toSatisfy((error) => KiteError.is(error, 'KITE_LISTEN_FAILED'));
    await listener.close();
    await expect(network.connect({ host: '127.0.0.1', port: 7, timeoutMs: 1 })).rejects.toSatisfy((error) => KiteError.is(error, 'KITE_CONNECT_FAILED'));
    const signal = AbortSignal.abort();
    await expect(network.connect({ host: '127.0.0.1', port: 7, timeoutMs: 1, signal })).rejects.toSatisfy((error) => KiteError.is(error, 'KITE_ABORTED'));
  });
});

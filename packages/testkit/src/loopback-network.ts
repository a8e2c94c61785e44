import {
  type ConnectOptions,
  KiteError,
  type ListenOptions,
  type Network,
  type NetworkListener,
  type NetworkSocket,
  type Timers,
  type TlsCredentials,
} from '@kitemq/runtime';
import { LoopbackSocket } from './loopback-socket.ts';

/** Where free ports are counted from, for listeners and for the clients' ends. */
const listenerPortFirst = 40_000;
const clientPortFirst = 50_000;
const address = '127.0.0.1';

function aborted({ host, port, signal }: ConnectOptions): KiteError {
  return new KiteError('KITE_ABORTED', `connecting to ${host}:${port} was cancelled`, { cause: signal?.reason, details: { host, port } });
}

type Accept = (socket: NetworkSocket) => void;

/** A network that exists only in this process: no port of the machine is taken. Every host name means this process. */
export class LoopbackNetwork implements Network {
  readonly #timers: Timers;
  readonly #listeners = new Map<number, Accept>();
  #nextListenerPort = listenerPortFirst;
  #nextClientPort = clientPortFirst;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  connect(options: ConnectOptions): Promise<NetworkSocket> {
    const { host, port, signal, tls } = options;
    if (signal?.aborted === true) {
      return Promise.reject(aborted(options));
    }
    const accept = this.#listeners.get(port);
    if (accept === undefined || tls !== undefined) {
      const why = tls === undefined ? 'nothing listens there' : 'connections inside one process have no TLS';
      return Promise.reject(new KiteError('KITE_CONNECT_FAILED', `cannot connect to ${host}:${port}: ${why}`, { retryable: true, details: { host, port } }));
    }
    const [near, far] = LoopbackSocket.pair(this.#timers, { address, port: this.#nextClientPort++ }, { address, port });
    return new Promise((resolve, reject) => {
      this.#timers.setImmediate(() => {
        if (signal?.aborted === true) {
          near.destroy();
          return reject(aborted(options));
        }
        accept(far);
        resolve(near);
      });
    });
  }

  listen(options: ListenOptions, onConnection: Accept): Promise<NetworkListener> {
    const { host } = options;
    const port = options.port === 0 ? this.#freePort() : options.port;
    if (this.#listeners.has(port)) {
      const cause = Object.assign(new Error(`EADDRINUSE: ${host}:${port}`), { code: 'EADDRINUSE' });
      return Promise.reject(new KiteError('KITE_LISTEN_FAILED', `cannot listen on ${host}:${port}: another listener of this process has it; choose another port`, {
        retryable: true,
         cause, details: { host, port },
      }));
    }
    this.#listeners.set(port, onConnection);
    const close = (): Promise<void> => {
      this.#listeners.delete(port);
      return Promise.resolve();
    };
    return Promise.resolve({ host, port, close });
  }

  loadCredentials(): TlsCredentials {
    throw new KiteError('KITE_TLS_CREDENTIALS', 'connections inside one process have no TLS: start the cluster with sockets');
  }

  localAddresses(): string[] {
    return [];
  }

  #freePort(): number {
    while (this.#listeners.has(this.#nextListenerPort)) this.#nextListenerPort++;
    return this.#nextListenerPort++;
  }
}

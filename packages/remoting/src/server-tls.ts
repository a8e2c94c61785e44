import type { Runtime, TlsCredentials } from '@kitemq/runtime';
import { makeSelfSignedCertificate } from './self-signed-certificate.ts';
import type { ServerTlsOptions } from './tls-options.ts';

const serialBytes = 16;
const certificateName = 'localhost';

/** Decides what a connection that begins in plain or TLS gets, and holds the certificate. */
export class ServerTls {
  private readonly runtime: Runtime;
  private readonly options: ServerTlsOptions;
  private credentials: TlsCredentials | undefined;

  constructor(runtime: Runtime, options: ServerTlsOptions) {
    this.runtime = runtime;
    this.options = options;
  }

  /** Checks configured credentials at start. @throws KiteError `KITE_TLS_CREDENTIALS` */
  check(): void {
    if (this.options.certificate !== undefined || this.options.key !== undefined) this.load();
  }

  decide(kind: 'plain' | 'tls'): TlsCredentials | 'refuse' | undefined {
    const mode = this.options.mode ?? 'permissive';
    if (kind === 'plain') return mode === 'enforcing' ? 'refuse' : undefined;
    return mode === 'disabled' ? 'refuse' : this.load();
  }

  private load(): TlsCredentials {
    if (this.credentials !== undefined) return this.credentials;
    const { ca, verifyPeer } = this.options;
    const pair =
      this.options.certificate === undefined && this.options.key === undefined
        ? this.makePair()
        : { certificate: this.options.certificate ?? '', key: this.options.key ?? '' };
    this.credentials = this.runtime.network.loadCredentials({
      ...pair,
      ...(ca === undefined ? {} : { ca }),
      ...(verifyPeer === undefined ? {} : { verifyPeer }),
    });
    return this.credentials;
  }

  private makePair(): { certificate: string; key: string } {
    this.runtime.logger.info({}, 'no TLS certificate is configured: a self-signed one was made');
    return makeSelfSignedCertificate({ name: certificateName, now: this.runtime.clock.now(), serial: this.runtime.random.bytes(serialBytes) });
  }
}

import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { createSecureContext, TLSSocket } from 'node:tls';
import { KiteError } from '../errors.ts';
import type { TlsCredentialOptions, TlsCredentials } from '../network.ts';

/** What hides behind the opaque port type. */
class NodeTlsCredentials {
  readonly context: SecureContext;
  readonly verifyPeer: boolean;

  constructor(context: SecureContext, verifyPeer: boolean) {
    this.context = context;
    this.verifyPeer = verifyPeer;
  }
}

/** Checks that certificate and key parse and belong together. @throws KiteError `KITE_TLS_CREDENTIALS` */
export const loadTlsCredentials = (options: TlsCredentialOptions): TlsCredentials => {
  const { certificate, key, ca, verifyPeer = false } = options;
  if (certificate.trim() === '' || key.trim() === '') {
    throw new KiteError('KITE_TLS_CREDENTIALS', 'TLS needs both a certificate and a key in PEM form; one of them is empty');
  }
  if (verifyPeer && (ca === undefined || ca.trim() === '')) {
    throw new KiteError('KITE_TLS_CREDENTIALS', 'verifying peers needs the certificates to trust (ca, PEM)');
  }
  try {
    const context = createSecureContext({ cert: certificate, key, ...(ca === undefined ? {} : { ca }) });
    return new NodeTlsCredentials(context, verifyPeer) as unknown as TlsCredentials;
  } catch (cause) {
    const message = `the TLS certificate or key cannot be used (${(cause as Error).message}); check that both are PEM, unencrypted, and belong together`;
    throw new KiteError('KITE_TLS_CREDENTIALS', message, { cause });
  }
};

/** What of Node's TLS handle tells how the peer's certificate was judged; `tls.Server` asks it the same way. */
interface VerifyingHandle {
  verifyError?(): Error | null;
}

/** Starts the server side of TLS on a connection; what is in its read buffer is taken as the first bytes of the handshake. */
export const acceptTlsOn = (socket: Socket, credentials: TlsCredentials): TLSSocket => {
  const { context, verifyPeer } = credentials as unknown as NodeTlsCredentials;
  const secured = new TLSSocket(socket, { isServer: true, secureContext: context, requestCert: verifyPeer, rejectUnauthorized: verifyPeer });
  if (verifyPeer) {
    secured.once('secure', () => {
      const handle = Reflect.get(secured, '_handle') as VerifyingHandle | null | undefined;
      if (handle?.verifyError === undefined) return secured.destroy(new Error('the certificate of the peer cannot be verified'));
      const refused = handle.verifyError();
      if (refused !== null) secured.destroy(refused);
    });
  }
  return secured;
};

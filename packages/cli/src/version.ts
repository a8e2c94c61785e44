import { createRequire } from 'node:module';

/** The version of this package; bundles have it written in. */
export function version(): string {
  const written = process.env['KITEMQ_VERSION'];
  return written ?? (createRequire(import.meta.url)('../package.json') as { readonly version: string }).version;
}

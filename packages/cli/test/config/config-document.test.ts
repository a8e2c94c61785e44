import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configDocument } from '../../src/config/config-document.ts';
import { brokerService } from '../../src/services/broker.ts';
import { nameserverService } from '../../src/services/nameserver.ts';

describe('docs/config.md', () => {
  it('is what the schemas say (npm run docs writes it anew)', () => {
    const written = readFileSync(new URL('../../../../docs/config.md', import.meta.url), 'utf8');
    expect(written).toBe(configDocument([nameserverService, brokerService]));
  });

  it('lists each setting and each key without effect', () => {
    const text = configDocument([nameserverService, brokerService]);
    for (const service of [nameserverService, brokerService]) {
      for (const key of [...service.settings().keys(), ...Object.keys(service.ignored)]) expect(text).toContain(`\`${key}\``);
    }
  });
});

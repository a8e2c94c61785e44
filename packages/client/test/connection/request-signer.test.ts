import { Commands } from '@kitemq/protocol';
import { describe, expect, it } from 'vitest';
import { signature } from '../../src/connection/request-signer.ts';
import { FakeCluster } from '../fake/fake-cluster.ts';

describe('the signature', () => {
  it('is the one of the protocol description', () => {
    expect(signature({ topic: 'T1', AccessKey: 'ak' }, undefined, 'sk')).toBe('9VPuTHRkgwQkbcY5/m5xrQF1GFI=');
    expect(signature({ AccessKey: 'ak', topic: 'T1' }, Buffer.from('B'), 'sk')).toBe('BW2O/tItg7AcgI2vVZGIB2U6iF4=');
  });

  it('covers all fields that arrive, and the body', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      const checked: number[] = [];
      cluster.broker.script = (request) => {
        const { Signature: given, ...fields } = request.extObject();
        expect(fields).toMatchObject({ AccessKey: 'ak', SecurityToken: 'token', nsd: 'true', ns: 'space' });
        expect(given).toBe(signature(fields, request.body, 'sk'));
        checked.push(request.code);
        return false;
      };
      const client = cluster.client({ accessKey: 'ak', secretKey: 'sk', securityToken: 'token', namespace: 'space' });
      await (await client.producer()).send({ topic: 'T', body: 'signed', tags: 'a' });
      await client.consumer({ group: 'g', subscriptions: { T: '*' } });
      expect(checked).toEqual(expect.arrayContaining([Commands.sendMessageV2.code, Commands.heartBeat.code, Commands.queryConsumerOffset.code]));
    }));

  it('needs both keys', () => {
    expect(() => new FakeCluster().client({ accessKey: 'ak' })).toThrow(/secretKey/);
  });
});

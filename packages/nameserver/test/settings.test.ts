import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Commands, readProperties } from '@kitemq/protocol';
import { describe, expect, it } from 'vitest';
import { ignoredNameserverKeys, nameserverSettingDefaults, nameserverSettings } from '../src/index.ts';
import { Caller, startNameserver } from './support.ts';

/** Apache's keys with their defaults (spec: cluster-semantics §11.2), where ours differ on purpose. */
const differing = ['kvConfigPath', 'configStorePath'];
const apacheDefaults = {
  listenPort: 9_876, orderMessageEnable: false, returnOrderTopicConfigToBroker: true, scanNotActiveBrokerInterval: 5_000, unRegisterBrokerQueueCapacity: 3_000,
  supportActingMaster: false, enableAllTopicList: true, enableTopicList: true, notifyMinBrokerIdChanged: false, needWaitForService: false, waitSecondsForService: 45,
  deleteTopicWithBrokerRegistration: false, enableShutdownGracefully: false, shutdownWaitTimeSeconds: 30, serverChannelMaxIdleTimeSeconds: 120,
};
const otherApacheKeys = [
  'productEnvName', 'clusterTest', 'clientRequestThreadPoolNums', 'defaultThreadPoolNums', 'clientRequestThreadPoolQueueCapacity', 'defaultThreadPoolQueueCapacity',
  'enableControllerInNamesrv', 'configBlackList', 'rocketmqHome',
];

describe('settings', () => {
  it('have Apache’s defaults, and every key of Apache’s is known or explained', () => {
    expect(nameserverSettingDefaults).toMatchObject(apacheDefaults);
    for (const key of [...Object.keys(apacheDefaults), ...differing]) expect(nameserverSettings.shape).toHaveProperty(key);
    for (const key of otherApacheKeys) expect(ignoredNameserverKeys).toHaveProperty(key);
  });

  it('carry a description and say when they apply', () => {
    for (const schema of Object.values(nameserverSettings.shape)) {
      const meta = (schema as { meta(): Record<string, unknown> | undefined }).meta();
      expect(meta?.['description']).toMatch(/\.$/);
      expect(['start', 'runtime']).toContain(meta?.['apply']);
    }
  });

  it('never let a peer change where the server listens or writes', () => {
    const changeable = Object.entries(nameserverSettings.shape).filter(([, schema]) => (schema as { meta(): { apply?: string } | undefined }).meta()?.apply === 'runtime');
    for (const [key] of changeable) expect(key).not.toMatch(/path|dir|home|file|address|listen|host|command|class/i);
  });
});

describe('settings at run time', () => {
  it('are read as properties text', async () => {
    await using nameserver = await startNameserver();
    await using admin = new Caller(nameserver);
    const text = (await admin.call(Commands.getNamesrvConfig, {})).body();
    const values = Object.fromEntries(readProperties(text).map(({ key, value }) => [key, value]));
    expect(values).toMatchObject({ enableTopicList: 'true', waitSecondsForService: '45' });
  });

  it('are changed, take effect at once, and are kept if there is a file for them', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kite-ns-'));
    const configStorePath = join(directory, 'namesrv.properties');
    await using nameserver = await startNameserver({ configStorePath });
    await using admin = new Caller(nameserver);
    expect((await admin.call(Commands.updateNamesrvConfig, {}, 'enableTopicList=false\nwaitSecondsForService = 7\n')).code).toBe(0);
    expect((await admin.call(Commands.getUnitTopicList, {})).code).toBe(1);
    expect(readFileSync(configStorePath, 'utf8')).toContain('waitSecondsForService=7');
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'no directory any more');
    const failed = await admin.call(Commands.updateNamesrvConfig, {}, 'waitSecondsForService=8');
    expect(failed.code).toBe(1);
    expect((await admin.call(Commands.getNamesrvConfig, {})).body()).toContain('waitSecondsForService=7');
    rmSync(directory);
  });

  it.each([
    ['kvConfigPath=/etc/passwd', 16],
    ['configStorePath=/tmp/x', 16],
    ['configStorePathName=/tmp/x', 16],
    ['rocketmqHome=/tmp/x', 16],
    ['configBlackList=', 16],
    ['bindAddress=0.0.0.0', 16],
    ['listenPort=1', 16],
    ['clientRequestThreadPoolNums=1', 16],
    ['__proto__=1', 16],
    ['toString=1', 16],
    ['waitSecondsForService=-1', 1],
    ['waitSecondsForService=many', 1],
    ['waitSecondsForService=1.5', 1],
    ['enableTopicList=yes', 1],
    ['enableTopicList=false\nkvConfigPath=x', 16],
  ])('are not changed by %s', async (text, code) => {
    await using nameserver = await startNameserver();
    await using admin = new Caller(nameserver);
    const before = (await admin.call(Commands.getNamesrvConfig, {})).body();
    expect((await admin.call(Commands.updateNamesrvConfig, {}, text)).code).toBe(code);
    expect((await admin.call(Commands.getNamesrvConfig, {})).body()).toBe(before);
  });

  it('are changed so often in a minute and no more', async () => {
    await using nameserver = await startNameserver();
    await using admin = new Caller(nameserver);
    const codes = await Promise.all(Array.from({ length: 70 }, async () => (await admin.call(Commands.updateNamesrvConfig, {}, 'waitSecondsForService=5')).code));
    expect([codes.filter((code) => code === 0).length, codes.filter((code) => code === 2).length]).toEqual([60, 10]);
  });
});

import { describe, expect, it } from 'vitest';
import { brokerSettings, ignoredBrokerKeys, parseBrokerSettings } from '../../src/index.ts';
import { appliesAtRuntime, parseSettingText } from '../../src/config/broker-settings.ts';

const keys = Object.keys(brokerSettings.shape);

describe('broker settings', () => {
  it('all have a default or may be left out, a description, and say when they take effect', () => {
    const settings = parseBrokerSettings({}) as unknown as Record<string, unknown>;
    for (const key of keys) {
      if (!['namesrvAddr', 'brokerIP1'].includes(key)) expect(settings[key], key).toBeDefined();
      const meta = (brokerSettings.shape[key] as unknown as { meta(): { description?: string; apply?: string } }).meta();
      expect(meta.description, key).toMatch(/\.$|\)$/);
      expect(['start', 'runtime'], key).toContain(meta.apply);
    }
  });

  it('keep Apache’s defaults where they do not say otherwise', () => {
    expect(parseBrokerSettings({})).toMatchObject({
      brokerClusterName: 'DefaultCluster', listenPort: 10911, brokerPermission: 6, maxMessageSize: 4_194_304, syncFlushTimeout: 5_000, defaultTopicQueueNums: 8, autoCreateTopicEnable: true,
      longPollingEnable: true, shortPollingTimeMills: 1_000, maxTransferBytesOnMessageInMemory: 262_144, maxFilterMessageSize: 16_000, registerNameServerPeriod: 30_000, channelExpiredTimeout: 120_000,
      flushDiskType: 'SYNC_FLUSH', bindAddress: '127.0.0.1',
    });
  });

  it('are never also listed as having no effect', () => {
    expect(keys.filter((key) => key in ignoredBrokerKeys)).toEqual([]);
    for (const [key, reason] of Object.entries(ignoredBrokerKeys)) expect(reason.length, key).toBeGreaterThan(10);
  });

  it('refuse values out of range, naming each key', () => {
    expect(() => parseBrokerSettings({ listenPort: 70_000, flushDiskType: 'MAYBE' })).toThrow(expect.objectContaining({ code: 'KITE_CONFIG_INVALID', details: { problems: [expect.stringContaining('listenPort'), expect.stringContaining('flushDiskType')] } }));
  });

  it('are read from text for changes at run time', () => {
    expect(parseSettingText('longPollingEnable', ' true ')).toBe(true);
    expect(parseSettingText('longPollingEnable', 'false')).toBe(false);
    expect(parseSettingText('shortPollingTimeMills', '20')).toBe(20);
    expect(parseSettingText('shortPollingTimeMills', '20.5')).toBeUndefined();
    expect(parseSettingText('brokerName', 'true')).toBe('true');
    expect(appliesAtRuntime('longPollingEnable')).toBe(true);
    for (const key of ['listenPort', 'storePathRootDir', 'nonsense', '__proto__', 'toString']) expect(appliesAtRuntime(key), key).toBe(false);
  });
});

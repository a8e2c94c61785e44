import { Commands, propertiesObject, ResponseCode } from '@kitemq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBroker } from '../support/test-broker.ts';

let test: TestBroker;
beforeAll(async () => {
  test = await TestBroker.start();
});
afterAll(() => test[Symbol.asyncDispose]());

const read = async (broker = test): Promise<Record<string, string>> => propertiesObject((await broker.call(Commands.getBrokerConfig, {})).body());
const update = (text: string, broker = test) => broker.call(Commands.updateBrokerConfig, {}, text);

describe('settings over the network', () => {
  it('can be read, with their version', async () => {
    const reply = await test.call(Commands.getBrokerConfig, {});
    expect(propertiesObject(reply.body())).toMatchObject({ brokerName: 'broker-a', flushDiskType: 'SYNC_FLUSH', brokerPermission: '6', longPollingEnable: 'true' });
    expect(JSON.parse(reply.header().version)).toMatchObject({ stateVersion: 0 });
  });

  it('take effect at once and hold over a restart', async () => {
    await using other = await TestBroker.start();
    expect((await update('# a comment\nshortPollingTimeMills=77\nlongPollingEnable = false\n', other)).code).toBe(0);
    expect(await read(other)).toMatchObject({ shortPollingTimeMills: '77', longPollingEnable: 'false' });
    await other.restart();
    expect(await read(other)).toMatchObject({ shortPollingTimeMills: '77', longPollingEnable: 'false' });
  });

  // CVE-2023-33246, CVE-2023-37582: a deny-list was not enough.
  it.each(['storePathRootDir=/etc', 'rocketmqHome=/tmp', 'brokerConfigPath=/etc/passwd', 'filterServerNums=1', 'brokerName=other', 'listenPort=1', '__proto__=x', 'constructor=x', 'nonsense=1', 'configBlackList='])(
    'are allowed one by one: %s is not',
    async (line) => {
      const before = await read();
      expect((await update(`shortPollingTimeMills=1234\n${line}`)).code).toBe(ResponseCode.noPermission);
      // All or none.
      expect(await read()).toEqual(before);
    },
  );

  it.each(['shortPollingTimeMills=0', 'shortPollingTimeMills=many', 'longPollingEnable=maybe', 'brokerPermission=99', 'channelExpiredTimeout=1'])('must be in range: %s is not', async (line) => {
    expect((await update(line)).code).toBe(ResponseCode.invalidParameter);
  });

  it('may ask for what is always so', async () => {
    expect((await update('enableSingleTopicRegister=true')).code).toBe(0);
    expect((await update('enableSingleTopicRegister=false')).code).toBe(ResponseCode.noPermission);
  });
});

import { describe, expect, it } from 'vitest';
import { KiteError } from '@kitemq/runtime';
import {
  AclInfo, BatchAckMessageRequestBody, ClusterInfo, ConsumeStats, ConsumerConnection, ConsumerOffsetSerializeWrapper, ConsumerRunningInfo, EpochEntryCache,
  GetBrokerMemberGroupResponseBody, GetConsumerStatusBody, HARuntimeInfo, HeartbeatData, LockBatchRequestBody, MessageQueueMap, ProducerTableInfo,
  QueryAssignmentResponseBody, RegisterBrokerBody, ResetOffsetBody, SubscriptionGroupConfig, SyncStateSet, TopicQueueMappingDetail, TopicRouteData, TopicStatsTable,
} from '../src/index.ts';
import type { BodyCodec } from '../src/index.ts';

const queue = { brokerName: 'broker-a', queueId: 0, topic: 'T1' };
const samples: [BodyCodec<any>, string][] = [
  [HeartbeatData, '{"clientID":"10.0.0.9@1234#5678","consumerDataSet":[{"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_PASSIVELY","groupName":"CG","messageModel":"CLUSTERING","subscriptionDataSet":[{"classFilterMode":false,"codeSet":[97,98],"expressionType":"TAG","subString":"a||b","subVersion":1700000000000,"tagsSet":["a","b"],"topic":"T1"}],"unitMode":false}],"heartbeatFingerprint":0,"producerDataSet":[{"groupName":"PG"}],"withoutSub":false}'],
  [LockBatchRequestBody, '{"clientId":"c","consumerGroup":"CG","mqSet":[{"brokerName":"broker-a","queueId":0,"topic":"T1"}],"onlyThisBroker":false}'],
  [TopicStatsTable, '{"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"T1"}:{"lastUpdateTimestamp":1700000000000,"maxOffset":10,"minOffset":0}},"topicPutTps":0.0}'],
  [ConsumeStats, '{"consumeTps":0.0,"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"T1"}:{"brokerOffset":10,"consumerOffset":5,"lastTimestamp":1,"pullOffset":7}}}'],
  [ResetOffsetBody, '{"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"T1"}:3}}'],
  [GetConsumerStatusBody, '{"consumerTable":{},"messageQueueTable":{{"brokerName":"broker-a","queueId":0,"topic":"T1"}:3}}'],
  [ClusterInfo, '{"brokerAddrTable":{"broker-a":{"brokerAddrs":{0:"10.0.0.1:10911",1:"10.0.0.2:10911"},"brokerName":"broker-a","cluster":"DefaultCluster","enableActingMaster":false}},"clusterAddrTable":{"DefaultCluster":["broker-a"]}}'],
  [GetBrokerMemberGroupResponseBody, '{"brokerMemberGroup":{"brokerAddrs":{0:"10.0.0.1:10911"},"brokerName":"broker-a","cluster":"DefaultCluster"}}'],
  [ConsumerConnection, '{"connectionSet":[{"clientAddr":"1.2.3.4:5","clientId":"id","language":"JAVA","version":500}],"consumeFromWhere":"CONSUME_FROM_FIRST_OFFSET","consumeType":"CONSUME_PASSIVELY","messageModel":"CLUSTERING","subscriptionTable":{}}'],
  [ConsumerRunningInfo, '{"mqPopTable":{},"mqTable":{{"brokerName":"broker-a","queueId":0,"topic":"T1"}:{"cachedMsgCount":0,"cachedMsgMaxOffset":0,"cachedMsgMinOffset":0,"cachedMsgSizeInMiB":0,"commitOffset":0,"droped":false,"lastConsumeTimestamp":0,"lastLockTimestamp":0,"lastPullTimestamp":0,"locked":false,"transactionMsgCount":0,"transactionMsgMaxOffset":0,"transactionMsgMinOffset":0,"tryUnlockTimes":0}},"properties":{"PROP_THREADPOOL_CORE_SIZE":"20"},"statusTable":{"T1":{"consumeFailedMsgs":0,"consumeFailedTPS":0.0,"consumeOKTPS":0.0,"consumeRT":0.0,"pullRT":0.0,"pullTPS":0.0}},"subscriptionSet":[],"userConsumerInfo":{}}'],
  [RegisterBrokerBody, '{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":0,"stateVersion":0,"timestamp":1700000000000},"mappingDataVersion":{"counter":0,"stateVersion":0,"timestamp":1},"topicConfigTable":{"T1":{"attributes":{},"order":false,"perm":6,"readQueueNums":8,"topicFilterType":"SINGLE_TAG","topicName":"T1","topicSysFlag":0,"writeQueueNums":8}},"topicQueueMappingDetailMap":{},"topicQueueMappingInfoMap":{}}}'],
  [BatchAckMessageRequestBody, '{"acks":[{"b":"AQI=","c":"CG","it":30000,"pt":1700000000000,"q":1,"r":"0","rq":2,"so":100,"t":"T1"}],"brokerName":"broker-a"}'],
  [QueryAssignmentResponseBody, '{"messageQueueAssignments":[{"messageQueue":{"brokerName":"broker-a","queueId":-1,"topic":"T1"},"mode":"POP"}]}'],
  [TopicQueueMappingDetail, '{"bname":"broker-a","currIdMap":{},"dirty":false,"epoch":1700000000000,"hostedQueues":{0:[{"bname":"broker-a","endOffset":-1,"gen":0,"logicOffset":0,"queueId":0,"startOffset":0,"timeOfEnd":-1,"timeOfStart":-1}]},"scope":"__global__","topic":"T1","totalQueues":4}'],
  [HARuntimeInfo, '{"haClientRuntimeInfo":{"lastReadTimestamp":0,"lastWriteTimestamp":0,"masterAddr":"1.1.1.1:10912","masterFlushOffset":0,"maxOffset":0,"transferredByteInSecond":0},"haConnectionInfo":[{"diff":0,"inSync":false,"slaveAckOffset":0,"transferFromWhere":0,"transferredByteInSecond":0}],"inSyncSlaveNums":0,"master":false,"masterCommitLogMaxOffset":0}'],
  [AclInfo, '{"policies":[{"entries":[{"actions":["Pub","Sub"],"decision":"Allow","resource":"Topic:T1","sourceIps":["10.0.0.0/8"]}]}],"subject":"User:u1"}'],
  [ProducerTableInfo, '{"data":{"PG":[{"clientId":"cid","language":"JAVA","lastUpdateTimestamp":1,"remoteIP":"1.2.3.4:5","version":513}]}}'],
  [EpochEntryCache, '{"brokerId":0,"brokerName":"b","clusterName":"c","epochList":[{"endOffset":10,"epoch":1,"startOffset":0}],"maxOffset":10}'],
  [SyncStateSet, '{"syncStateSet":[1,2],"syncStateSetEpoch":3}'],
];

/** The same content whatever the order of keys: fastjson's text made strict. */
function normal(text: string): unknown {
  const strict = text
    .replaceAll(/([{,])(\d+):/g, '$1"$2":')
    .replaceAll(/([{,])(\{"brokerName":"[^"]*","queueId":\d+,"topic":"[^"]*"\}):/g, (_all, open: string, key: string) => `${open}${JSON.stringify(key)}:`);
  return JSON.parse(strict);
}

describe('bodies', () => {
  it.each(samples.map(([codec, text]) => [codec.name, codec, text] as const))('%s keeps what Apache wrote', (_name, codec, text) => {
    const written = Buffer.from(codec.encode(codec.decode(Buffer.from(text)))!).toString();
    expect(normal(written)).toEqual(normal(text));
  });

  it('reads numbers, objects and quoted objects as keys', () => {
    for (const key of ['{"brokerName":"broker-a","queueId":0,"topic":"T1"}', JSON.stringify(JSON.stringify(queue))]) {
      expect(ResetOffsetBody.decode(Buffer.from(`{"offsetTable":{${key}:3}}`)).offsetTable.get(queue)).toBe(3);
    }
    expect(ConsumerOffsetSerializeWrapper.decode(Buffer.from('{"offsetTable":{"T1@CG":{0:5,"1":6}}}')).offsetTable.get('T1@CG')).toEqual(new Map([[0, 5], [1, 6]]));
  });

  it('clamps longs beyond the exact range', () => {
    const text = '{"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"T1"}:9223372036854775807}}';
    expect(ResetOffsetBody.decode(Buffer.from(text)).offsetTable.get(queue)).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('skips unknown keys and takes defaults for absent ones', () => {
    const group = SubscriptionGroupConfig.decode(Buffer.from('{"groupName":"G","groupRetryPolicy":{"retryPolicy":{"x":[1,{}]}},"new":null}'));
    expect(group).toEqual(SubscriptionGroupConfig.create({ groupName: 'G' }));
    expect(group.retryMaxTimes).toBe(16);
  });

  it('is not polluted by names of the prototype', () => {
    const route = TopicRouteData.decode(Buffer.from('{"__proto__":{"x":1},"filterServerTable":{"__proto__":["a"],"constructor":[]}}'));
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    expect(route.filterServerTable.get('__proto__')).toEqual(['a']);
  });

  it.each(['', '{', '{"a"', '[1,', '{"queueDatas":1}', '"', '{"a":"\\u12"}', '{"a":1}x', 'nul', '-', '{"queueDatas":[{"perm":"x"}]}', '['.repeat(100)])('refuses %j', (text) => {
    expect(() => TopicRouteData.decode(Buffer.from(text))).toThrow(KiteError);
  });

  it('writes message queues as keys in place', () => {
    const body = ResetOffsetBody.encode({ offsetTable: new MessageQueueMap([[queue, 3]]) })!;
    expect(Buffer.from(body).toString()).toBe('{"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"T1"}:3}}');
  });
});

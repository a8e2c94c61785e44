import type { Commands } from '@kitemq/protocol';
import { kiteMqVersion, mqVersionName, TopicNames } from '@kitemq/protocol';
import type { Answer } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';
import type { ScheduleService } from '../schedule/schedule-service.ts';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

function sizeText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return `[ ${Math.floor(seconds / 86_400)} days, ${Math.floor(seconds / 3_600) % 24} hours, ${Math.floor(seconds / 60) % 60} minutes, ${seconds % 60} seconds ]`;
}

/** Queues in front of threads, which there are none of: nothing ever waits in them. */
function threadPools(): [string, number][] {
  const entries: [string, number][] = [];
  for (const pool of ['send', 'pull', 'litePull', 'query', 'ack']) {
    entries.push([`${pool}ThreadPoolQueueSize`, 0], [`${pool}ThreadPoolQueueCapacity`, 0], [`${pool}ThreadPoolQueueHeadWaitTimeMills`, 0]);
  }
  entries.push(['EndTransactionQueueSize', 0], ['EndTransactionThreadPoolQueueCapacity', 0]);
  return entries;
}

/** GET_BROKER_RUNTIME_INFO (28): numbers and states as text, under Apache's names. What KiteMQ has no counterpart for is 0. */
export async function runtimeInfo({ runtime, stats, store, config, diskGuard, shard }: BrokerContext, schedule: ScheduleService): Promise<Answer<typeof Commands.getBrokerRuntimeInfo>> {
  const now = runtime.clock.now();
  const space = runtime.disk.spaceSync(config.storePathRootDir);
  const usedRatio = diskGuard.usedRatio();
  const earliest = await store.earliestStoreTime();
  const entries: [string, string | number][] = [
    ['bootTimestamp', stats.startedAt],
    ['runtime', durationText(now - stats.startedAt)],
    ['brokerActive', 'true'],
    ['brokerVersion', kiteMqVersion],
    ['brokerVersionDesc', mqVersionName(kiteMqVersion)],
    ['putMessageTimesTotal', stats.putTotal],
    ['putMessageFailedTimes', stats.sendFailures],
    ['putMessageSizeTotal', stats.putBytesTotal],
    ['putMessageAverageSize', stats.putTotal === 0 ? 0 : stats.putBytesTotal / stats.putTotal],
    ['putMessageEntireTimeMax', 0],
    ['putMessageDistributeTime', ''],
    ['getMessageEntireTimeMax', 0],
    ['dispatchMaxBuffer', 0],
    ['putTps', stats.rates('put')],
    ['getFoundTps', stats.rates('getFound')],
    ['getMissTps', stats.rates('getMiss')],
    ['getTotalTps', stats.rates('getTotal')],
    ['getTransferredTps', stats.rates('transferred')],
    ['putLatency99', 0],
    ['putLatency999', 0],
    ['commitLogDiskRatio', usedRatio],
    ['consumeQueueDiskRatio', usedRatio],
    ['commitLogMinOffset', store.minPosition],
    ['commitLogMaxOffset', store.maxPosition],
    ['commitLogDirCapacity', `Total : ${sizeText(space.totalBytes)}, Free : ${sizeText(space.freeBytes)}.`],
    ['msgPutTotalYesterdayMorning', stats.putYesterdayMorning],
    ['msgPutTotalTodayMorning', stats.putTodayMorning],
    ['msgPutTotalTodayNow', stats.putTotal],
    ['msgGetTotalYesterdayMorning', stats.getYesterdayMorning],
    ['msgGetTotalTodayMorning', stats.getTodayMorning],
    ['msgGetTotalTodayNow', stats.getTotal],
    ['msgExpiredPassedOverTotal', stats.expiredPassedOver],
    ['dispatchBehindBytes', 0],
    ['pageCacheLockTimeMills', 0],
    ['earliestMessageTimeStamp', earliest],
    ['startAcceptSendRequestTimeStamp', config.startAcceptSendRequestTimeStamp],
    ['remainTransientStoreBufferNumbs', 0],
    ['remainHowManyDataToCommit', 0],
    ['remainHowManyDataToFlush', store.maxPosition - store.flushedPosition],
    ['timerReadBehind', 0],
    ['timerOffsetBehind', 0],
    ['timerCongestNum', 0],
    ['timerEnqueueTps', 0],
    ['timerDequeueTps', 0],
    ...threadPools(),
  ];
  // Ours: since somebody asked last.
  const delays = runtime.loopDelay?.take();
  for (const [name, ms] of Object.entries(delays ?? {})) entries.push([`eventLoopDelay_${name}`, ms.toFixed(3)]);
  if (shard !== undefined) entries.push(['shard', shard.index], ['shards', shard.count]);
  for (const [index, offset] of schedule.offsets().entries()) {
    entries.push([`scheduleMessageOffset_${index + 1}`, `${offset},${store.maxOffset(TopicNames.schedule, index)}`]);
  }
  return { body: { table: new Map(entries.map(([key, value]) => [key, String(value)])) } };
}

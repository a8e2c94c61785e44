import type { Clock } from '@kitemq/runtime';
import type { RetentionPolicy, TopicRetention } from '@kitemq/store';
import type { BrokerSettings } from '../config/broker-settings.ts';
import type { TopicTable } from '../topics/topic-table.ts';

const hourMs = 3_600_000;
/** What expired so long ago is deleted at any hour: a machine may be off, or a broker stopped, at the hour of `deleteWhen` every day. */
const overdueMs: number = 24 * hourMs;

/** Names of topic attributes: Apache has the first one (for tiered storage), in hours. */
export const retentionAttributes = { hours: 'reserve.time', bytes: 'reserve.bytes' } as const;

/** Whether `deleteWhen` (hours of the day, or `*`) allows deleting now. */
export function isQuietHour(deleteWhen: string, now: number): boolean {
  if (deleteWhen.trim() === '*') return true;
  const hour = new Date(now).getHours();
  return deleteWhen.split(';').some((text) => text.trim() !== '' && Number(text) === hour);
}

/** What may be deleted now. `manual`: somebody asked for it, so the hour does not matter. */
export function retentionPolicy(config: BrokerSettings, topics: TopicTable, clock: Clock, manual: boolean): RetentionPolicy {
  const { fileReservedTime, deleteWhen, commitLogBytesMax, diskMaxUsedSpaceRatio, diskSpaceCleanForciblyRatio, cleanFileForciblyEnable, diskFreeBytesEnough } = config;
  return {
    ageMs: fileReservedTime * hourMs,
    deleteExpired: manual || isQuietHour(deleteWhen, clock.now()),
    overdueMs,
    logBytesMax: commitLogBytesMax === 0 ? undefined : commitLogBytesMax,
    disk: {
      maxUsedRatio: diskMaxUsedSpaceRatio / 100,
      cleanForciblyRatio: cleanFileForciblyEnable ? diskSpaceCleanForciblyRatio / 100 : undefined,
      freeBytesEnough: diskFreeBytesEnough,
    },
    topics: topicRetentions(topics),
  };
}

/** Topics whose attributes say that they keep less than the log does. */
function topicRetentions(topics: TopicTable): TopicRetention[] {
  const limited: TopicRetention[] = [];
  for (const { config } of topics.entries()) {
    const hours = limitOf(config.attributes[retentionAttributes.hours]);
    const bytes = limitOf(config.attributes[retentionAttributes.bytes]);
    if (hours === undefined && bytes === undefined) continue;
    limited.push({ topic: config.topicName, ageMs: hours === undefined ? undefined : hours * hourMs, bytes });
  }
  return limited;
}

/** Zero and −1 stand for no limit of its own, as with Apache. */
function limitOf(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

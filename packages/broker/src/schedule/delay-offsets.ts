import type { Commands } from '@kitemq/protocol';
import type { Answer } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';
import type { ScheduleService } from './schedule-service.ts';

/** GET_ALL_DELAY_OFFSET (45): next offset to deliver of each level. */
export function delayOffsets({ runtime }: BrokerContext, schedule: ScheduleService): Answer<typeof Commands.getAllDelayOffset> {
  const offsetTable = new Map(schedule.offsets().map((offset, index) => [index + 1, offset]));
  return { body: { offsetTable, dataVersion: { stateVersion: 0, timestamp: runtime.clock.now(), counter: 0 } } };
}

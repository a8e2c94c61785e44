import type { BrokerStatsData, Commands } from '@kitemq/protocol';
import { ResponseCode } from '@kitemq/protocol';
import { Refusal } from '../answer.ts';
import type { Answer, Call } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';
import { RateCounter } from '../stats/rate-counter.ts';
import type { RateWindow } from '../stats/rate-counter.ts';

function itemOf({ sum, tps, avgpt }: RateWindow): BrokerStatsData['statsMinute'] {
  return { sum, tps, avgpt };
}

/** The counter of a name and key that Apache's tools ask for; undefined when nothing has been counted there. */
function counterOf({ topics, groups, stats, config }: BrokerContext, name: string, key: string): RateCounter | undefined {
  switch (name) {
    case 'TOPIC_PUT_NUMS':
      return topics.get(key)?.putCount;
    case 'TOPIC_PUT_SIZE':
      return topics.get(key)?.putBytes;
    case 'BROKER_PUT_NUMS':
      return key === config.brokerClusterName ? stats.brokerPut : undefined;
    case 'BROKER_GET_NUMS':
      return key === config.brokerClusterName ? stats.brokerGet : undefined;
    default:
  }
  const at = key.indexOf('@');
  const traffic = at < 0 ? undefined : groups.get(key.slice(at + 1))?.traffic.get(key.slice(0, at));
  if (name === 'GROUP_GET_NUMS') return traffic?.getCount;
  if (name === 'GROUP_GET_SIZE') return traffic?.getBytes;
  return name === 'SNDBCK_PUT_NUMS' ? traffic?.sentBack : undefined;
}

/** VIEW_BROKER_STATS_DATA (315): one counter over minute, hour and day. */
export function statsData(context: BrokerContext, { header }: Call<typeof Commands.viewBrokerStatsData>): Answer<typeof Commands.viewBrokerStatsData> {
  const counter = counterOf(context, header.statsName, header.statsKey);
  if (counter === undefined || counter.times === 0) throw new Refusal(ResponseCode.systemError, `The stats <${header.statsName}> <${header.statsKey}> not exist`);
  return { body: { statsMinute: itemOf(counter.window('minute')), statsHour: itemOf(counter.window('hour')), statsDay: itemOf(counter.window('day')) } };
}

import { defineCommand } from '../command.ts';
import { defineHeader, optional, required } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import { ConsumerOffsetSerializeWrapper, DelayOffsetSerializeWrapper } from '../bodies/data-version.ts';
import { HARuntimeInfo, TimerCheckpoint, TimerMetricsSerializeWrapper } from '../bodies/replication.ts';

export const ExchangeHAInfoRequestHeader = defineHeader('ExchangeHAInfoRequestHeader', {
  masterHaAddress: optional.string(),
  masterFlushOffset: optional.long(),
  masterAddress: optional.string(),
});
export type ExchangeHAInfoRequestHeader = HeaderOf<typeof ExchangeHAInfoRequestHeader>;

export const ExchangeHAInfoResponseHeader = defineHeader('ExchangeHAInfoResponseHeader', {
  masterHaAddress: optional.string(),
  masterFlushOffset: optional.long(),
  masterAddress: optional.string(),
});
export type ExchangeHAInfoResponseHeader = HeaderOf<typeof ExchangeHAInfoResponseHeader>;

export const ResetMasterFlushOffsetHeader = defineHeader('ResetMasterFlushOffsetHeader', {
  masterFlushOffset: required.long(),
});
export type ResetMasterFlushOffsetHeader = HeaderOf<typeof ResetMasterFlushOffsetHeader>;

export const getAllConsumerOffset = defineCommand({
  name: 'GET_ALL_CONSUMER_OFFSET',
  code: 43,
  direction: 'B↔B',
  responseBody: ConsumerOffsetSerializeWrapper,
  summary: 'Reads all consumer offsets, for a slave.',
});

export const getAllDelayOffset = defineCommand({
  name: 'GET_ALL_DELAY_OFFSET',
  code: 45,
  direction: 'B↔B',
  responseBody: DelayOffsetSerializeWrapper,
  summary: 'Reads how far the delay levels have come, for a slave.',
});

export const getTimerCheckPoint = defineCommand({
  name: 'GET_TIMER_CHECK_POINT',
  code: 60,
  direction: 'B↔B',
  responseBody: TimerCheckpoint,
  summary: 'Reads how far the timer has come, for a slave.',
});

export const getTimerMetrics = defineCommand({
  name: 'GET_TIMER_METRICS',
  code: 61,
  direction: 'B↔B, A→B',
  responseBody: TimerMetricsSerializeWrapper,
  summary: 'Reads how many timed messages wait, by topic.',
});

export const exchangeBrokerHaInfo = defineCommand({
  name: 'EXCHANGE_BROKER_HA_INFO',
  code: 906,
  direction: 'B↔B',
  request: ExchangeHAInfoRequestHeader,
  response: ExchangeHAInfoResponseHeader,
  summary: 'Exchanges replication addresses and offsets between master and slave.',
});

export const getBrokerHaStatus = defineCommand({
  name: 'GET_BROKER_HA_STATUS',
  code: 907,
  direction: 'A→B',
  responseBody: HARuntimeInfo,
  summary: 'Reads the state of replication.',
});

export const resetMasterFlushOffset = defineCommand({
  name: 'RESET_MASTER_FLUSH_OFFSET',
  code: 908,
  direction: 'A→B',
  request: ResetMasterFlushOffsetHeader,
  summary: 'Sets the offset a slave takes for flushed on its master.',
});

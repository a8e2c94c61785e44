import { Commands } from '@kitemq/protocol';
import type { AnyCommand } from '@kitemq/protocol';
import type { Processor } from '@kitemq/remoting';
import { relayConsumeDirectly, relayRunningInfo, consumerStatus } from './admin/client-relays.ts';
import { getConfig, updateConfig } from './admin/config-processors.ts';
import { brokerConsumeStats, cloneOffsets, consumeStats, consumeTimeSpan, correctionOffset, groupsOfTopic, subscriptionOfGroup, topicsOfGroup } from './admin/consume-stats.ts';
import { queryConsumeQueue, queryMessage, viewMessage } from './admin/message-queries.ts';
import { resetOffset } from './admin/reset-offset.ts';
import { runtimeInfo } from './admin/runtime-info.ts';
import { statsData } from './admin/stats-data.ts';
import { answering } from './answer.ts';
import type { Handler } from './answer.ts';
import type { BrokerContext } from './broker-context.ts';
import { allProducers, checkClientConfig, consumerConnections, consumerList, heartBeat, producerConnections, unregisterClient } from './groups/client-processors.ts';
import { lockQueues, unlockQueues } from './locks/lock-processors.ts';
import { allConsumerOffsets, earliestStoreTime, maxOffset, minOffset, queryConsumerOffset, searchOffset, updateConsumerOffset } from './offsets/offset-processors.ts';
import type { OffsetResets } from './offsets/offset-resets.ts';
import type { SendProcessor } from './produce/send-processor.ts';
import type { PullOffsets } from './pull/pull-offsets.ts';
import type { PullProcessor } from './pull/pull-processor.ts';
import type { Registration } from './registration/registration.ts';
import { cleanNow } from './retention/retention-service.ts';
import type { RetentionService } from './retention/retention-service.ts';
import { delayOffsets } from './schedule/delay-offsets.ts';
import type { ScheduleService } from './schedule/schedule-service.ts';
import { sendBack } from './send-back/send-back-processor.ts';
import { allGroups, createGroup, createGroups, deleteGroup, groupForbidden, oneGroup } from './subscription-groups/group-processors.ts';
import { allTopics, cleanUnusedTopics, createTopic, createTopics, deleteTopic, oneTopic, systemTopics, topicStats } from './topics/topic-processors.ts';

/** The parts that requests are handed to. */
export interface BrokerParts {
  readonly context: BrokerContext;
  readonly send: SendProcessor;
  readonly pull: PullProcessor;
  readonly resets: OffsetResets;
  readonly pullOffsets: PullOffsets;
  readonly registration: Registration;
  readonly schedule: ScheduleService;
  readonly retention: RetentionService;
}

/**
 * The one table from request code to what serves it. A code that is not here is answered REQUEST_CODE_NOT_SUPPORTED (3), as Apache's
 * broker does. Processors on the path of a message take the request as it is; all others are handlers of decoded requests.
 */
export function processorTable(parts: BrokerParts): Map<number, Processor> {
  const { context, send, pull, resets, pullOffsets, registration, schedule, retention } = parts;
  const table = new Map<number, Processor>();
  const hot = (command: AnyCommand, processor: Processor): void => void table.set(command.code, processor);
  const serve = <C extends AnyCommand>(command: C, handler: Handler<C>): void => void table.set(command.code, answering(command, context.logger, handler));

  // Messages
  hot(Commands.sendMessage, send.processV1);
  hot(Commands.sendMessageV2, send.processV2);
  hot(Commands.sendBatchMessage, send.processV2);
  hot(Commands.pullMessage, pull.process);
  hot(Commands.litePullMessage, pull.process);
  serve(Commands.consumerSendMsgBack, (call) => sendBack(context, call));
  serve(Commands.queryMessage, (call) => queryMessage(context, call));
  serve(Commands.viewMessageById, (call) => viewMessage(context, call));
  serve(Commands.queryConsumeQueue, (call) => queryConsumeQueue(context, call));

  // Clients
  serve(Commands.heartBeat, (call) => heartBeat(context, call));
  serve(Commands.unregisterClient, (call) => unregisterClient(context, call));
  serve(Commands.checkClientConfig, (call) => checkClientConfig(context, call));
  serve(Commands.getConsumerListByGroup, (call) => consumerList(context, call));
  serve(Commands.lockBatchMq, (call) => lockQueues(context, call));
  serve(Commands.unlockBatchMq, (call) => unlockQueues(context, call));
  serve(Commands.getConsumerConnectionList, (call) => consumerConnections(context, call));
  serve(Commands.getProducerConnectionList, (call) => producerConnections(context, call));
  serve(Commands.getAllProducerInfo, () => allProducers(context));
  serve(Commands.getConsumerRunningInfo, (call) => relayRunningInfo(context, call));
  serve(Commands.consumeMessageDirectly, (call) => relayConsumeDirectly(context, call));
  serve(Commands.invokeBrokerToGetConsumerStatus, (call) => consumerStatus(context, call));

  // Offsets
  serve(Commands.queryConsumerOffset, (call) => queryConsumerOffset(context, call));
  serve(Commands.updateConsumerOffset, (call) => updateConsumerOffset(context, resets, call));
  serve(Commands.searchOffsetByTimestamp, (call) => searchOffset(context, call));
  serve(Commands.getMaxOffset, (call) => maxOffset(context, call));
  serve(Commands.getMinOffset, (call) => minOffset(context, call));
  serve(Commands.getEarliestMsgStoreTime, (call) => earliestStoreTime(context, call));
  serve(Commands.invokeBrokerToResetOffset, (call) => resetOffset(context, resets, call));
  serve(Commands.cloneGroupOffset, (call) => cloneOffsets(context, call));
  serve(Commands.queryCorrectionOffset, (call) => correctionOffset(context, call));
  serve(Commands.getAllConsumerOffset, () => allConsumerOffsets(context));
  serve(Commands.getAllDelayOffset, () => delayOffsets(context, schedule));

  // Topics
  serve(Commands.updateAndCreateTopic, (call) => createTopic(context, registration, call));
  serve(Commands.updateAndCreateTopicList, (call) => createTopics(context, registration, call));
  serve(Commands.deleteTopicInBroker, (call) => deleteTopic(context, call));
  serve(Commands.getAllTopicConfig, (call) => allTopics(context, call));
  serve(Commands.getTopicConfig, (call) => oneTopic(context, call));
  serve(Commands.getTopicStatsInfo, (call) => topicStats(context, call));
  serve(Commands.getSystemTopicListFromBroker, () => systemTopics(context));
  serve(Commands.cleanUnusedTopic, () => cleanUnusedTopics(context));

  // Consumer groups
  serve(Commands.updateAndCreateSubscriptionGroup, (call) => createGroup(context, call));
  serve(Commands.updateAndCreateSubscriptionGroupList, (call) => createGroups(context, call));
  serve(Commands.getAllSubscriptionGroupConfig, (call) => allGroups(context, call));
  serve(Commands.getSubscriptionGroupConfig, (call) => oneGroup(context, call));
  serve(Commands.deleteSubscriptionGroup, (call) => deleteGroup(context, { resets, pullOffsets }, call));
  serve(Commands.updateAndGetGroupForbidden, (call) => groupForbidden(context, call));
  serve(Commands.getConsumeStats, (call) => consumeStats(context, pullOffsets, call));
  serve(Commands.getBrokerConsumeStats, (call) => brokerConsumeStats(context, pullOffsets, call));
  serve(Commands.queryTopicConsumeByWho, (call) => groupsOfTopic(context, call));
  serve(Commands.queryTopicsByConsumer, (call) => topicsOfGroup(context, call));
  serve(Commands.querySubscriptionByConsumer, (call) => subscriptionOfGroup(context, call));
  serve(Commands.queryConsumeTimeSpan, (call) => consumeTimeSpan(context, call));

  // The broker itself
  serve(Commands.updateBrokerConfig, (call) => updateConfig(context, registration, call));
  serve(Commands.getBrokerConfig, () => getConfig(context));
  serve(Commands.deleteExpiredCommitlog, () => cleanNow(retention));
  serve(Commands.cleanExpiredConsumequeue, () => cleanNow(retention));
  serve(Commands.getBrokerRuntimeInfo, () => runtimeInfo(context, schedule));
  serve(Commands.viewBrokerStatsData, (call) => statsData(context, call));
  return table;
}

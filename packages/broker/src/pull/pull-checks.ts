import { compileExpression, matchAll } from '@kitemq/filter';
import type { CompiledFilter } from '@kitemq/filter';
import { Commands, isReadable, PullSysFlag, ResponseCode } from '@kitemq/protocol';
import type { PullMessageRequestHeader } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';
import type { Request } from '@kitemq/remoting';
import type { BrokerContext } from '../broker-context.ts';
import type { GroupEntry } from '../subscription-groups/group-table.ts';
import type { TopicEntry } from '../topics/topic-table.ts';

/** What of it forbids a pull, for proxies (ForbiddenType). */
export const ForbiddenType = { broker: 1, group: 2, topic: 3, broadcastDisabled: 4, subscription: 5 } as const;

/** Expressions that requests bring along are compiled once; so many are kept. */
const requestFiltersMax = 1_024;

/** Checks pulls before they read, in the order of spec §3.1. The first that fails is answered. */
export class PullChecks {
  readonly #context: BrokerContext;
  readonly #filters: Map<string, CompiledFilter> = new Map();

  constructor(context: BrokerContext) {
    this.#context = context;
  }

  /** The group of the pull; undefined when the request was answered. */
  group(request: Request, header: PullMessageRequestHeader): GroupEntry | undefined {
    const { config, groups } = this.#context;
    if (!isReadable(config.brokerPermission)) return refuse(request, ResponseCode.noPermission, `the broker[${config.brokerName}] pulling message is forbidden`, ForbiddenType.broker);
    if (request.code === Commands.litePullMessage.code && !config.litePullMessageEnable) {
      return refuse(request, ResponseCode.noPermission, `the broker[${config.brokerName}] for lite pull consumer is forbidden`, ForbiddenType.broker);
    }
    const group = groups.findOrCreate(header.consumerGroup);
    if (group === undefined) return refuse(request, ResponseCode.subscriptionGroupNotExist, `subscription group [${header.consumerGroup}] does not exist`);
    if (!group.config.consumeEnable) return refuse(request, ResponseCode.noPermission, `subscription group no permission, ${header.consumerGroup}`, ForbiddenType.group);
    return group;
  }

  /** The topic of the pull; undefined when the request was answered. */
  topic(request: Request, header: PullMessageRequestHeader): TopicEntry | undefined {
    const topic = this.#context.topics.get(header.topic);
    if (topic === undefined) return refuse(request, ResponseCode.topicNotExist, `topic[${header.topic}] not exist, apply first please!`);
    if (!isReadable(topic.config.perm)) return refuse(request, ResponseCode.noPermission, `the topic[${header.topic}] pulling message is forbidden`, ForbiddenType.topic);
    if (header.queueId < 0 || header.queueId >= topic.config.readQueueNums) {
      return refuse(request, ResponseCode.invalidParameter, `queueId[${header.queueId}] is illegal, topic:[${header.topic}] topicConfig.readQueueNums:[${topic.config.readQueueNums}] consumer:[${request.channel.remoteAddress}]`);
    }
    return topic;
  }

  /** What the pull takes; undefined when the request was answered. */
  filter(request: Request, header: PullMessageRequestHeader, group: GroupEntry): CompiledFilter | undefined {
    const filter = (header.sysFlag & PullSysFlag.subscription) === 0 ? this.#subscribed(request, header, group) : this.#requested(request, header);
    if (filter === undefined) return undefined;
    if (filter.matchesProperties !== undefined && !this.#context.config.enablePropertyFilter) {
      return refuse(request, ResponseCode.systemError, `The broker does not support consumer to filter message by ${filter.type}`);
    }
    return filter;
  }

  /** The expression in the request. */
  #requested(request: Request, header: PullMessageRequestHeader): CompiledFilter | undefined {
    if ((header.sysFlag & PullSysFlag.classFilter) !== 0) return matchAll;
    const { expressionType, subscription } = header;
    if (subscription === undefined || subscription === '*' || subscription === '') return matchAll;
    const key = `${expressionType ?? ''} ${subscription}`;
    let filter = this.#filters.get(key);
    if (filter !== undefined) return filter;
    try {
      filter = compileExpression(expressionType, subscription);
    } catch (error) {
      if (!KiteError.is(error)) throw error;
      return refuse(request, ResponseCode.subscriptionParseFailed, `parse the consumer's subscription failed: ${error.message}`);
    }
    if (this.#filters.size >= requestFiltersMax) this.#filters.clear();
    this.#filters.set(key, filter);
    return filter;
  }

  /** What the group said in its heartbeats. */
  #subscribed(request: Request, header: PullMessageRequestHeader, group: GroupEntry): CompiledFilter | undefined {
    const online = this.#context.clients.consumerGroup(header.consumerGroup);
    if (online === undefined) return refuse(request, ResponseCode.subscriptionNotExist, "the consumer's group info not exist");
    if (!group.config.consumeBroadcastEnable && online.messageModel === 'BROADCASTING') {
      return refuse(request, ResponseCode.noPermission, `the consumer group[${header.consumerGroup}] can not consume by broadcast way`, ForbiddenType.broadcastDisabled);
    }
    if (group.forbiddenTopics?.has(header.topic) === true) {
      return refuse(request, ResponseCode.noPermission, `the consumer group[${header.consumerGroup}] is forbidden for topic[${header.topic}]`, ForbiddenType.subscription);
    }
    const subscription = online.subscriptions.get(header.topic);
    if (subscription === undefined) return refuse(request, ResponseCode.subscriptionNotExist, `the consumer's subscription not exist, group: ${header.consumerGroup}, topic: ${header.topic}`);
    if (subscription.data.subVersion < header.subVersion) return refuse(request, ResponseCode.subscriptionNotLatest, "the consumer's subscription not latest");
    if (subscription.error !== undefined) return refuse(request, ResponseCode.filterDataNotExist, `the filter data of the subscription does not exist: ${subscription.error}`);
    return (header.sysFlag & PullSysFlag.classFilter) === 0 ? subscription.filter : matchAll;
  }
}

/** Answers a pull that is not carried out: without offsets, because none was read. */
function refuse(request: Request, code: number, remark: string, forbiddenType?: number): undefined {
  request.reply(Commands.pullMessage, code, undefined, { remark, ext: forbiddenType === undefined ? undefined : { forbiddenType: String(forbiddenType) } });
}

import type { Connection } from '@kitemq/protocol';
import { Commands, SubscriptionGroupConfig } from '@kitemq/protocol';
import { checkGroup } from '../check-options.ts';
import { compareQueues } from '../route/topic-route.ts';
import type { Admin } from './admin.ts';
import type { AdminBase } from './admin-base.ts';
import type { CallOptions, ClientConnection, ConsumerConnections, GroupSettings } from './types.ts';

type GroupAdmin = Pick<
  Admin,
  'createGroup' | 'deleteGroup' | 'listGroups' | 'consumerConnections' | 'producerConnections' | 'consumerRunningInfo'
>;

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function groupConfig(settings: GroupSettings): SubscriptionGroupConfig {
  const { group, attributes, ...rest } = settings;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return SubscriptionGroupConfig.create({ ...given, groupName: checkGroup(group), attributes: new Map(Object.entries(attributes ?? {})) });
}

function settingsOf(config: SubscriptionGroupConfig): GroupSettings {
  return {
    group: config.groupName,
    consumeEnable: config.consumeEnable,
    consumeFromMinEnable: config.consumeFromMinEnable,
    consumeBroadcastEnable: config.consumeBroadcastEnable,
    consumeMessageOrderly: config.consumeMessageOrderly,
    retryQueueNums: config.retryQueueNums,
    retryMaxTimes: config.retryMaxTimes,
    brokerId: config.brokerId,
    whichBrokerWhenConsumeSlowly: config.whichBrokerWhenConsumeSlowly,
    notifyConsumerIdsChangedEnable: config.notifyConsumerIdsChangedEnable,
    attributes: Object.fromEntries(config.attributes),
  };
}

function connections(set: readonly Connection[]): ClientConnection[] {
  return set.map(({ clientId, clientAddr: address, language, version }) => ({ clientId, address, language, version }));
}

/** Groups: who they are, and who is connected. */
export function groupAdmin(base: AdminBase): GroupAdmin {
  const { core } = base;

  /** Asks every master; members may be connected to some only. Throws what all of them refused with. */
  async function anyMaster<T>(options: CallOptions | undefined, ask: (address: string) => Promise<T>): Promise<T[]> {
    const masters = await base.masters(undefined, options);
    const results = await Promise.allSettled(masters.map(({ address }) => ask(address)));
    const answers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = results.find((result) => result.status === 'rejected');
    if (answers.length === 0 && failed !== undefined) throw failed.reason;
    return answers;
  }

  return {
    async createGroup(settings, target, options) {
      const config = groupConfig(settings);
      await base.onMasters(target, options, ({ address }, call) => core.link.ask(address, Commands.updateAndCreateSubscriptionGroup, {}, call, config));
    },

    async deleteGroup(group, target, options) {
      const { cleanOffset = true, ...brokers } = target ?? {};
      const header = { groupName: checkGroup(group), cleanOffset };
      await base.onMasters(brokers, options, ({ address }, call) => core.link.ask(address, Commands.deleteSubscriptionGroup, header, call));
    },

    async listGroups(target, options) {
      const tables = await base.onMasters(target, options, async ({ address, brokerName }, call) => {
        let dataVersion: string | undefined;
        const configs = new Map<string, SubscriptionGroupConfig>();
        for (let total = 1; configs.size < total; ) {
          const reply = await core.link.ask(address, Commands.getAllSubscriptionGroupConfig, { groupSeq: configs.size, dataVersion, maxGroupNum: 0x7f_ff_ff_ff }, call);
          const body = reply.body();
          const before = configs.size;
          for (const [name, config] of body.subscriptionGroupTable) configs.set(name, config);
          if (configs.size === before) break;
          total = reply.header().totalGroupNum;
          dataVersion = JSON.stringify(body.dataVersion);
        }
        return [...configs.values()].map((config) => ({ ...settingsOf(config), brokerName }));
      });
      return tables.flat().sort((a, b) => byText(a.group, b.group) || byText(a.brokerName, b.brokerName));
    },

    async consumerConnections(group, options): Promise<ConsumerConnections> {
      const replies = await anyMaster(options, async (address) => (await core.link.ask(address, Commands.getConsumerConnectionList, { consumerGroup: group }, base.call(options))).body());
      const [first] = replies;
      const members = new Map(replies.flatMap((reply) => connections(reply.connectionSet)).map((each) => [each.clientId, each]));
      return {
        group,
        consumeType: first?.consumeType ?? 'CONSUME_PASSIVELY',
        messageModel: first?.messageModel ?? 'CLUSTERING',
        consumeFromWhere: first?.consumeFromWhere ?? 'CONSUME_FROM_LAST_OFFSET',
        connections: [...members.values()].sort((a, b) => byText(a.clientId, b.clientId)),
        subscriptions: [...(first?.subscriptionTable.values() ?? [])].map((each) => ({
          topic: each.topic,
          expression: each.subString,
          expressionType: each.expressionType,
          subVersion: each.subVersion,
        })),
      };
    },

    async producerConnections(group, topic, options) {
      const { brokers } = (await core.routes.get(topic, { ...base.call(options), fresh: true })).info;
      const addresses = brokers.flatMap((broker) => broker.members.slice(0, 1).map((member) => member.address));
      const results = await Promise.allSettled(
        addresses.map(async (address) => (await core.link.ask(address, Commands.getProducerConnectionList, { producerGroup: group }, base.call(options))).body()),
      );
      const members = new Map(
        results.flatMap((result) => (result.status === 'fulfilled' ? connections(result.value.connectionSet) : [])).map((each) => [each.clientId, each]),
      );
      const failed = results.find((result) => result.status === 'rejected');
      if (members.size === 0 && failed !== undefined) throw failed.reason;
      return [...members.values()].sort((a, b) => byText(a.clientId, b.clientId));
    },

    async consumerRunningInfo(group, clientId, options) {
      const header = { consumerGroup: group, clientId, jstackEnable: false };
      const [info] = await anyMaster(options, async (address) => (await core.link.ask(address, Commands.getConsumerRunningInfo, header, base.call(options))).body());
      if (info === undefined) return {};
      return {
        properties: Object.fromEntries(info.properties),
        subscriptions: info.subscriptionSet,
        queues: [...info.mqTable].map(([queue, state]) => ({ ...queue, ...state })).sort(compareQueues),
        status: Object.fromEntries(info.statusTable),
        userConsumerInfo: Object.fromEntries(info.userConsumerInfo),
      };
    },
  };
}

import type { CreateTopicRequestHeader } from '@kitemq/protocol';
import { Commands, ResponseCode, TopicNames } from '@kitemq/protocol';
import { KiteError, sleep } from '@kitemq/runtime';
import { checkNumber, checkTopic } from '../check-options.ts';
import { BrokerError } from '../errors.ts';
import { compareQueues } from '../route/topic-route.ts';
import type { TopicRoute } from '../route/topic-route.ts';
import type { Admin } from './admin.ts';
import type { AdminBase } from './admin-base.ts';
import type { CallOptions, TopicSettings } from './types.ts';

type TopicAdmin = Pick<Admin, 'createTopic' | 'deleteTopic' | 'listTopics' | 'topicStatus' | 'topicConfig' | 'topicRoute' | 'topicGroups'>;

const QUEUES_MAX = 65_535;
/** How often the name servers are asked whether they know a new topic, ms. */
const POLL_MS = 50;

function createHeader(settings: TopicSettings): CreateTopicRequestHeader {
  const queues = { min: 0, max: QUEUES_MAX, otherwise: 8 };
  const attributes = Object.entries(settings.attributes ?? {});
  return {
    topic: checkTopic(settings.topic),
    defaultTopic: TopicNames.autoCreate,
    readQueueNums: checkNumber('readQueues', settings.readQueues, queues),
    writeQueueNums: checkNumber('writeQueues', settings.writeQueues, queues),
    perm: checkNumber('perm', settings.perm, { min: 0, max: 7, otherwise: 6 }),
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: 0,
    order: settings.order ?? false,
    ...(attributes.length === 0 ? {} : { attributes: attributes.map(([key, value]) => (key.startsWith('-') ? key : `+${key}=${value}`)).join(',') }),
  };
}

/** Topics: settings live at brokers, routes at name servers. */
export function topicAdmin(base: AdminBase): TopicAdmin {
  const { core } = base;

  async function route(topic: string, options: CallOptions | undefined): Promise<TopicRoute> {
    return core.routes.get(topic, { ...base.call(options), fresh: true });
  }

  /** A broker answers before the name servers know: wait for them, so that who sends next finds the topic. */
  async function awaitRoute(topic: string, brokerNames: readonly string[], options: CallOptions | undefined): Promise<void> {
    const deadline = base.deadline(options);
    for (;;) {
      const found = await core.routes.find(topic, { ...base.call(options), fresh: true });
      if (found !== undefined && brokerNames.every((name) => found.info.queues.some((queue) => queue.brokerName === name))) return;
      const left = deadline.left(`topic ${topic} was created; waiting until the name servers know it`);
      await sleep(core.runtime.timers, Math.min(POLL_MS, left), options?.signal);
    }
  }

  return {
    async createTopic(settings, target, options) {
      const header = createHeader(settings);
      const names = await base.onMasters(target, options, async ({ address, brokerName }, call) => {
        await core.link.ask(address, Commands.updateAndCreateTopic, header, call);
        return brokerName;
      });
      await awaitRoute(settings.topic, names, options);
    },

    async deleteTopic(topic, target, options) {
      checkTopic(topic);
      const everywhere = target === undefined || Object.values(target).every((value) => value === undefined);
      await base.onMasters(target, options, ({ address }, call) => core.link.ask(address, Commands.deleteTopicInBroker, { topic }, call));
      if (everywhere) await base.askAllNameservers(Commands.deleteTopicInNamesrv, { topic }, options);
      else if (target?.cluster !== undefined) await base.askAllNameservers(Commands.deleteTopicInNamesrv, { topic, clusterName: target.cluster }, options);
      core.routes.forget(topic);
    },

    async listTopics(options) {
      const reply =
        options?.cluster === undefined
          ? await base.askNameserver(Commands.getAllTopicListFromNameserver, {}, options)
          : await base.askNameserver(Commands.getTopicsByCluster, { cluster: options.cluster }, options);
      return [...new Set(reply.body().topicList)].sort();
    },

    async topicStatus(topic, options) {
      const { brokers, queues } = (await route(topic, options)).info;
      const holders = brokers.filter((broker) => queues.some((queue) => queue.brokerName === broker.brokerName));
      const tables = await Promise.all(
        holders.map(async (broker) => {
          const address = broker.members[0]?.address;
          if (address === undefined) return [];
          const reply = await core.link.ask(address, Commands.getTopicStatsInfo, { topic }, base.call(options));
          return [...reply.body().offsetTable].map(([queue, offsets]) => ({ ...queue, ...offsets }));
        }),
      );
      return { topic, queues: tables.flat().sort(compareQueues) };
    },

    async topicConfig(topic, brokerAddress, options) {
      const reply = await core.link.ask(brokerAddress, Commands.getTopicConfig, { topic }, base.call(options));
      const config = reply.body();
      return {
        topic: config.topicName,
        readQueues: config.readQueueNums,
        writeQueues: config.writeQueueNums,
        perm: config.perm,
        order: config.order,
        topicSysFlag: config.topicSysFlag,
        attributes: Object.fromEntries(config.attributes),
      };
    },

    async topicRoute(topic, options) {
      return (await route(topic, options)).info;
    },

    async topicGroups(topic, options) {
      const { brokers } = (await route(topic, options)).info;
      let lastError: unknown = new KiteError('KITE_BROKER_UNKNOWN', `topic ${topic} has no broker`, { retryable: true });
      const groups = new Set<string>();
      let answered = false;
      for (const broker of brokers) {
        const address = broker.members[0]?.address;
        if (address === undefined) continue;
        try {
          const reply = await core.link.ask(address, Commands.queryTopicConsumeByWho, { topic }, base.call(options));
          for (const group of reply.body().groupList) groups.add(group);
          answered = true;
        } catch (error) {
          if (!BrokerError.isRefusal(error, ResponseCode.topicNotExist)) lastError = error;
        }
      }
      if (!answered) throw lastError;
      return [...groups].sort();
    },
  };
}

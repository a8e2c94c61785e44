import * as z from 'zod';

/** Settings of a name server: Apache's property names (namesrv.conf), and `bindAddress` of its remoting layer. */
export interface NameserverSettings {
  readonly bindAddress: string;
  readonly listenPort: number;
  readonly kvConfigPath: string;
  readonly configStorePath: string;
  readonly orderMessageEnable: boolean;
  readonly returnOrderTopicConfigToBroker: boolean;
  readonly scanNotActiveBrokerInterval: number;
  readonly unRegisterBrokerQueueCapacity: number;
  readonly supportActingMaster: boolean;
  readonly enableAllTopicList: boolean;
  readonly enableTopicList: boolean;
  readonly notifyMinBrokerIdChanged: boolean;
  readonly needWaitForService: boolean;
  readonly waitSecondsForService: number;
  readonly deleteTopicWithBrokerRegistration: boolean;
  readonly enableShutdownGracefully: boolean;
  readonly shutdownWaitTimeSeconds: number;
  readonly serverChannelMaxIdleTimeSeconds: number;
}

const flag = (initial: boolean, description: string, apply: 'start' | 'runtime' = 'runtime'): z.ZodDefault<z.ZodBoolean> =>
  z.boolean().default(initial).meta({ description, apply });

const whole = (initial: number, [min, max]: readonly [number, number], meta: { description: string; unit?: string; apply: 'start' | 'runtime' }): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(min).max(max).default(initial).meta(meta);

/**
 * The schema of {@link NameserverSettings}. `apply: 'runtime'` in a key's metadata is the allow-list of what
 * UPDATE_NAMESRV_CONFIG (318) may change: no address, no port, no path, nothing that names a file or a program.
 */
export const nameserverSettings: z.ZodObject = z.object({
  bindAddress: z.string().min(1).default('127.0.0.1').meta({ description: 'The address to listen on; 0.0.0.0 for all.', apply: 'start' }),
  listenPort: whole(9_876, [0, 65_535], { description: 'The port to listen on; 0 picks a free one.', apply: 'start' }),
  kvConfigPath: z.string().default('').meta({ description: 'The file that keeps KV configs (order topics); empty: in memory only.', apply: 'start' }),
  configStorePath: z.string().default('').meta({ description: 'The file that keeps settings changed at run time; empty: they last until the process ends.', apply: 'start' }),
  orderMessageEnable: flag(false, 'Add the order configuration of a topic (KV namespace ORDER_TOPIC_CONFIG) to its route.'),
  returnOrderTopicConfigToBroker: flag(true, 'Answer a registration with the order configuration of all topics.'),
  scanNotActiveBrokerInterval: whole(5_000, [10, 3_600_000], { description: 'How often brokers that went silent are looked for.', unit: 'ms', apply: 'start' }),
  unRegisterBrokerQueueCapacity: whole(3_000, [1, 1_000_000], { description: 'How many unregistrations may wait; more are refused.', apply: 'start' }),
  supportActingMaster: flag(false, 'Show the smallest slave of a group without master as broker id 0 in routes.'),
  enableAllTopicList: flag(true, 'Answer requests for the list of all topics (206).'),
  enableTopicList: flag(true, 'Answer requests for lists of topics by cluster or unit (224, 311, 312, 313).'),
  notifyMinBrokerIdChanged: flag(false, 'Tell the brokers of a group (905) when its smallest broker id changed.'),
  needWaitForService: flag(false, 'Refuse route queries during the first waitSecondsForService seconds, until brokers had time to register.'),
  waitSecondsForService: whole(45, [0, 86_400], { description: 'See needWaitForService.', unit: 's', apply: 'runtime' }),
  deleteTopicWithBrokerRegistration: flag(false, 'Remove the routes of topics that a broker no longer names when it registers.'),
  enableShutdownGracefully: flag(false, 'When stopping, answer requests with GO_AWAY for shutdownWaitTimeSeconds before closing.'),
  shutdownWaitTimeSeconds: whole(30, [0, 600], { description: 'See enableShutdownGracefully.', unit: 's', apply: 'runtime' }),
  serverChannelMaxIdleTimeSeconds: whole(120, [1, 86_400], { description: 'Connections without a read or write for so long are closed.', unit: 's', apply: 'start' }),
});

/** Keys of Apache's files that are understood and have no effect here, and why. */
export const ignoredNameserverKeys: Readonly<Record<string, string>> = {
  rocketmqHome: 'nothing is read from an installation directory',
  productEnvName: 'used by Apache only together with clusterTest',
  clusterTest: 'answering from another name server in test environments is not offered',
  clientRequestThreadPoolNums: 'one event loop serves all requests',
  clientRequestThreadPoolQueueCapacity: 'one event loop serves all requests',
  defaultThreadPoolNums: 'one event loop serves all requests',
  defaultThreadPoolQueueCapacity: 'one event loop serves all requests',
  enableControllerInNamesrv: 'the controller is a process of its own',
  configBlackList: 'run-time changes are limited by an allow-list instead',
  serverWorkerThreads: 'one event loop serves all requests',
  serverCallbackExecutorThreads: 'one event loop serves all requests',
  serverSelectorThreads: 'one event loop serves all requests',
  serverOnewaySemaphoreValue: 'bounded per connection instead',
  serverAsyncSemaphoreValue: 'bounded per connection instead',
  serverSocketSndBufSize: 'left to the operating system',
  serverSocketRcvBufSize: 'left to the operating system',
  serverSocketBacklog: 'fixed at 1024',
  useEpollNativeSelector: 'the platform decides',
};

/** What the schema defaults to. */
export const nameserverSettingDefaults: NameserverSettings = Object.fromEntries(
  Object.entries(nameserverSettings.shape).map(([key, schema]) => [key, (schema as unknown as z.ZodDefault).def.defaultValue]),
) as unknown as NameserverSettings;

export { Broker } from './broker.ts';
export type { BrokerOptions } from './broker.ts';
export { brokerSettings, parseBrokerSettings } from './config/broker-settings.ts';
export type { BrokerSettings } from './config/broker-settings.ts';
export { ignoredBrokerKeys } from './config/ignored-broker-keys.ts';

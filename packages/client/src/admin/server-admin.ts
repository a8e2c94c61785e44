import { Commands, propertiesObject, ResponseCode, writeProperties } from '@kitemq/protocol';
import { BrokerError } from '../errors.ts';
import type { Admin } from './admin.ts';
import type { AdminBase } from './admin-base.ts';

type ServerAdmin = Pick<
  Admin,
  | 'clusterInfo'
  | 'brokerRuntimeInfo'
  | 'brokerConfig'
  | 'updateBrokerConfig'
  | 'nameserverConfig'
  | 'updateNameserverConfig'
  | 'wipeWritePermission'
  | 'addWritePermission'
  | 'putKvConfig'
  | 'getKvConfig'
  | 'deleteKvConfig'
  | 'listKvConfig'
>;

/** Brokers and name servers themselves. */
export function serverAdmin(base: AdminBase): ServerAdmin {
  const { core } = base;
  return {
    clusterInfo: (options) => base.cluster(options),

    async brokerRuntimeInfo(brokerAddress, options) {
      const reply = await core.link.ask(brokerAddress, Commands.getBrokerRuntimeInfo, {}, base.call(options));
      return Object.fromEntries(reply.body().table);
    },

    async brokerConfig(brokerAddress, options) {
      const reply = await core.link.ask(brokerAddress, Commands.getBrokerConfig, {}, base.call(options));
      return propertiesObject(reply.body());
    },

    async updateBrokerConfig(entries, target, options) {
      await base.onMasters(target, options, ({ address }, call) =>
        core.link.ask(address, Commands.updateBrokerConfig, {}, call, writeProperties(Object.entries(entries))),
      );
    },

    async nameserverConfig(address, options) {
      const reply = await core.link.ask(address ?? core.nameservers.current, Commands.getNamesrvConfig, {}, base.call(options));
      return propertiesObject(reply.body());
    },

    async updateNameserverConfig(entries, options) {
      await base.askAllNameservers(Commands.updateNamesrvConfig, {}, options, writeProperties(Object.entries(entries)));
    },

    async wipeWritePermission(brokerName, options) {
      const replies = await base.askAllNameservers(Commands.wipeWritePermOfBroker, { brokerName }, options);
      return Math.max(0, ...replies.map((reply) => reply.header().wipeTopicCount));
    },

    async addWritePermission(brokerName, options) {
      const replies = await base.askAllNameservers(Commands.addWritePermOfBroker, { brokerName }, options);
      return Math.max(0, ...replies.map((reply) => reply.header().addTopicCount));
    },

    async putKvConfig(namespace, key, value, options) {
      await base.askAllNameservers(Commands.putKvConfig, { namespace, key, value }, options);
    },

    async getKvConfig(namespace, key, options) {
      const reply = await core.nameservers.invoke(Commands.getKvConfig, { namespace, key }, base.call(options));
      if (reply.code === ResponseCode.queryNotFound) return undefined;
      if (reply.code !== 0) throw new BrokerError(Commands.getKvConfig.name, core.nameservers.current, reply.code, reply.remark);
      return reply.header().value;
    },

    async deleteKvConfig(namespace, key, options) {
      await base.askAllNameservers(Commands.deleteKvConfig, { namespace, key }, options);
    },

    async listKvConfig(namespace, options) {
      const reply = await core.nameservers.invoke(Commands.getKvListByNamespace, { namespace }, base.call(options));
      if (reply.code === ResponseCode.queryNotFound) return {};
      if (reply.code !== 0) throw new BrokerError(Commands.getKvListByNamespace.name, core.nameservers.current, reply.code, reply.remark);
      return Object.fromEntries(reply.body().table);
    },
  };
}

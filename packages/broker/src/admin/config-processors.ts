import type { Commands } from '@kitemq/protocol';
import { readProperties, ResponseCode, writeProperties } from '@kitemq/protocol';
import { Refusal } from '../answer.ts';
import type { Answer, Call } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';
import { appliesAtRuntime, brokerSettings, parseSettingText } from '../config/broker-settings.ts';
import type { BrokerSettings } from '../config/broker-settings.ts';
import { ignoredBrokerKeys } from '../config/ignored-broker-keys.ts';
import { nextVersion, readTableVersion } from '../topics/data-version.ts';
import type { Registration } from '../registration/registration.ts';

/** Longest text of changes taken, in characters. */
const textLengthMax = 65_536;

/** Keys of Apache's that may be "set" because what they ask for is always so. */
const alwaysSo: Readonly<Record<string, string>> = { enableSingleTopicRegister: 'true' };

const kind = 'brokerConfig';
const versionKind = 'tableVersion';

type Change = readonly [key: string, value: string | number | boolean];

function checked(key: string, text: string): Change | undefined {
  if (alwaysSo[key] === text.trim()) return undefined;
  if (!appliesAtRuntime(key)) {
    const reason = Object.hasOwn(brokerSettings.shape, key) ? 'it takes effect at start only: change the configuration file' : (ignoredBrokerKeys[key] ?? 'there is no such setting');
    throw new Refusal(ResponseCode.noPermission, `Can not update config in black list: ${key.slice(0, 64)} cannot be changed over the network, ${reason}.`);
  }
  const value = parseSettingText(key, text);
  if (value === undefined) throw new Refusal(ResponseCode.invalidParameter, `"${text.slice(0, 64)}" is no value for ${key}.`);
  return [key, value];
}

/**
 * UPDATE_BROKER_CONFIG (25): the settings that may change at run time, and no others; each value is checked. All are taken, or none.
 * They are kept in the store and hold over restarts.
 */
export async function updateConfig(context: BrokerContext, registration: Registration, { body, request }: Call<typeof Commands.updateBrokerConfig>): Promise<Answer<typeof Commands.updateBrokerConfig>> {
  const { config, store, logger, runtime } = context;
  const peer = request.channel.remoteAddress;
  if (body.length > textLengthMax) throw new Refusal(ResponseCode.invalidParameter, `The changes are longer than ${textLengthMax} characters.`);
  const changes: Change[] = [];
  for (const { key, value } of readProperties(body)) {
    const change = checked(key, value);
    if (change !== undefined) changes.push(change);
  }
  const permissionBefore = config.brokerPermission;
  for (const [key, value] of changes) {
    logger.info({ peer, setting: key, from: config[key as keyof BrokerSettings], to: value }, 'a setting was changed over the network');
    (config as unknown as Record<string, unknown>)[key] = value;
  }
  const version = nextVersion(readTableVersion(store.settings.get(versionKind, kind)), runtime.clock.now());
  await Promise.all([...changes.map(([key, value]) => store.settings.put(kind, key, value)), store.settings.put(versionKind, kind, version)]);
  if (config.brokerPermission !== permissionBefore) await registration.refresh();
  return {};
}

/** Applies what {@link updateConfig} has kept. Call it once, when the store has started. */
export function loadConfigChanges({ config, store, logger }: BrokerContext): void {
  for (const [key, value] of store.settings.entries(kind)) {
    if (!appliesAtRuntime(key) || parseSettingText(key, String(value)) === undefined) continue;
    const given = config[key as keyof BrokerSettings];
    if (given !== value) logger.info({ setting: key, configured: given, used: value }, 'this setting was changed at run time; the change still holds');
    (config as unknown as Record<string, unknown>)[key] = value;
  }
}

/** GET_BROKER_CONFIG (26): the effective settings. */
export function getConfig({ config, store }: BrokerContext): Answer<typeof Commands.getBrokerConfig> {
  const entries = Object.entries(config).filter(([, value]) => value !== undefined);
  const texts = entries.map(([key, value]): [string, string] => [key, String(value)]);
  texts.push(['brokerRole', 'ASYNC_MASTER']);
  const version = readTableVersion(store.settings.get(versionKind, kind));
  return { header: { version: JSON.stringify(version) }, body: writeProperties(texts) };
}

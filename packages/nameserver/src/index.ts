export type { NameserverOptions } from './nameserver.ts';
export { Nameserver } from './nameserver.ts';
export type { NameserverSettings } from './settings.ts';
export { ignoredNameserverKeys, nameserverSettingDefaults, nameserverSettings } from './settings.ts';

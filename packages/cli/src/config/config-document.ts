import type { ServiceDefinition } from '../services/service-definition.ts';
import { settingsTable } from './settings-help.ts';

const opening = `# Settings

<!-- Generated from the schemas in packages/nameserver and packages/broker: \`npm run docs\`. Do not edit. -->

Every service takes its settings from three places; the later one wins:

1. a file in Apache's property format: \`--config broker.conf\`,
2. the environment: \`KITEMQ_\` and the key in capitals, words divided by \`_\` (\`listenPort\` is \`KITEMQ_LISTEN_PORT\`),
3. flags: \`--set listenPort=10911\`, or a flag of its own (\`--listen\`, \`--data\`, …; see \`kitemq broker --help\`).

A value that does not fit stops the start with a sentence that names the key, the value, where it came from and what is allowed.
A key that is not known is warned about, with the nearest name that is. \`--print-config\` shows the effective configuration
and where each value came from, as a file that can be used again.

"At once" in the column *takes effect* means that \`mqadmin updateBrokerConfig\` (\`updateNamesrvConfig\`) may change it while the service runs;
what takes effect at start cannot be changed over the network.
`;

function ignoredTable(ignored: Readonly<Record<string, string>>): string {
  const byReason = new Map<string, string[]>();
  for (const [key, reason] of Object.entries(ignored)) byReason.set(reason, [...(byReason.get(reason) ?? []), key]);
  const rows = [...byReason].map(([reason, keys]) => `| ${reason} | ${keys.map((key) => `\`${key}\``).join(' ')} |`);
  return ['| why | keys |', '| --- | --- |', ...rows].join('\n');
}

function section(definition: ServiceDefinition): string {
  const title = `## ${definition.name.charAt(0).toUpperCase()}${definition.name.slice(1)}`;
  return `${title}\n\n${settingsTable(definition.settings())}\n\n### Apache's ${definition.name} keys without effect here\n\nThey may stay in a file: each is named once in the log, with the reason.\n\n${ignoredTable(definition.ignored)}\n`;
}

/** The text of `docs/config.md`. */
export function configDocument(definitions: readonly ServiceDefinition[]): string {
  const standalone = `## Standalone\n\n\`kitemq standalone\` takes the broker's keys as they are (without \`namesrvAddr\`) and the nameserver's with the prefix \`nameserver.\`: \`--set nameserver.listenPort=9876\`.\n`;
  return [opening, ...definitions.map(section), standalone].join('\n');
}

/** Implementation languages, by ordinal (LanguageCode). One byte in binary headers, the name in JSON ones. */
export const LanguageCode = {
  java: 0,
  cpp: 1,
  dotnet: 2,
  python: 3,
  delphi: 4,
  erlang: 5,
  ruby: 6,
  other: 7,
  http: 8,
  go: 9,
  php: 10,
  oms: 11,
  rust: 12,
  nodeJs: 13,
} as const;
export type LanguageCode = (typeof LanguageCode)[keyof typeof LanguageCode];

const languageNames = [
  'JAVA', 'CPP', 'DOTNET', 'PYTHON', 'DELPHI', 'ERLANG', 'RUBY', 'OTHER', 'HTTP', 'GO', 'PHP', 'OMS', 'RUST', 'NODE_JS',
] as const;
const ordinals = new Map<string, number>(languageNames.map((name, ordinal) => [name, ordinal]));

/** The name on the wire; `OTHER` for an ordinal nobody knows (old peers accept that one). */
export function languageName(ordinal: number): string {
  return languageNames[ordinal] ?? 'OTHER';
}

/** The ordinal of a name, -1 when unknown. */
export function languageOrdinal(name: string): number {
  return ordinals.get(name) ?? -1;
}

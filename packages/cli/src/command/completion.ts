import type { Command } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

interface Level {
  /** The words before: ``, `topic`, `topic create`. */
  readonly path: string;
  readonly commands: ReadonlyArray<{ readonly name: string; readonly description: string }>;
  readonly flags: ReadonlyArray<{ readonly name: string; readonly description: string }>;
}

function levels(command: Command, path = ''): Level[] {
  const visible = command
    .createHelp()
    .visibleCommands(command)
    .filter((sub) => sub.name() !== 'help');
  const flags = command.options.filter((option) => !option.hidden && option.long !== undefined).map((option) => ({ name: option.long ?? '', description: option.description }));
  const here: Level = { path, commands: visible.map((sub) => ({ name: sub.name(), description: sub.description() })), flags: [...flags, { name: '--help', description: 'show help' }] };
  return [here, ...visible.flatMap((sub) => levels(sub, path === '' ? sub.name() : `${path} ${sub.name()}`))];
}

function words(level: Level): string {
  return [...level.commands, ...level.flags].map(({ name }) => name).join(' ');
}

function bash(all: readonly Level[]): string {
  const cases = all.map((level) => `    "${level.path}") words="${words(level)}" ;;`).join('\n');
  return `# bash completion for kitemq: source <(kitemq completion bash)
_kitemq() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; esac
    case " ${all.map(({ path }) => path.split(' ').at(-1)).filter((name) => name !== '').join(' ')} " in
      *" $word "*) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _kitemq kitemq
`;
}

function quoted(text: string): string {
  return text.replaceAll("'", "'\\''");
}

function zsh(all: readonly Level[]): string {
  const entry = (item: { name: string; description: string }): string => `'${quoted(item.name)}:${quoted(item.description.replaceAll(':', ' '))}'`;
  const cases = all.map((level) => `    '${level.path}') entries=(${[...level.commands, ...level.flags].map(entry).join(' ')}) ;;`).join('\n');
  return `#compdef kitemq
# zsh completion for kitemq: source <(kitemq completion zsh)
_kitemq() {
  local -a entries parts
  local word
  for word in "\${words[@]:1:$((CURRENT-2))}"; do
    [[ "$word" == -* ]] && break
    parts+=("$word")
  done
  case "\${(j: :)parts[1,2]}" in
${cases}
    *) case "\${parts[1]}" in
${cases}
    esac ;;
  esac
  _describe 'kitemq' entries
}
compdef _kitemq kitemq
`;
}

function fish(all: readonly Level[]): string {
  const lines = ['# fish completion for kitemq: kitemq completion fish | source', 'complete -c kitemq -f'];
  for (const level of all) {
    const names = level.path === '' ? [] : level.path.split(' ');
    const others = level.commands.map(({ name }) => name).join(' ');
    const seen = names.map((name) => `__fish_seen_subcommand_from ${name}`);
    const notYet = others === '' ? [] : [`not __fish_seen_subcommand_from ${others}`];
    const condition = [...(names.length === 0 ? ['__fish_use_subcommand'] : seen), ...(names.length === 0 ? [] : notYet)].join('; and ');
    for (const { name, description } of level.commands) lines.push(`complete -c kitemq -n '${condition}' -a ${name} -d '${quoted(description)}'`);
    for (const { name, description } of level.flags) lines.push(`complete -c kitemq -n '${seen.join('; and ') || 'true'}' -l ${name.slice(2)} -d '${quoted(description)}'`);
  }
  return `${lines.join('\n')}\n`;
}

/** A completion script for the shell, made from the commands themselves. */
export function completionScript(program: Command, shell: Shell): string {
  const all = levels(program);
  if (shell === 'bash') return bash(all);
  return shell === 'zsh' ? zsh(all) : fish(all);
}

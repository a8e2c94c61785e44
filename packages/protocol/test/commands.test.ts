import { describe, expect, it } from 'vitest';
import { allCommands, commandByCode, Commands } from '../src/index.ts';
import type { HeaderSchema } from '../src/index.ts';

describe('commands', () => {
  it('are all there, once', () => {
    const commands = allCommands();
    expect(commands).toHaveLength(169);
    expect(new Set(commands.map((command) => command.code)).size).toBe(169);
    expect(new Set(commands.map((command) => command.name)).size).toBe(169);
    expect(Object.keys(Commands)).toHaveLength(169);
  });

  it('are found by code', () => {
    expect(commandByCode(310)).toBe(Commands.sendMessageV2);
    expect(commandByCode(200_050)?.name).toBe('POP_MESSAGE');
    expect(commandByCode(1)).toBeUndefined();
  });

  it('have a name per wire key and a sentence each', () => {
    for (const command of allCommands()) {
      expect(command.summary, command.name).toMatch(/^[A-Z].*\.$/);
      for (const header of [command.request, command.response] as HeaderSchema[]) {
        const keys = Object.entries(header.fields).map(([name, field]) => field.wireName ?? name);
        expect(new Set(keys).size, header.name).toBe(keys.length);
      }
    }
  });
});

import { KiteError } from '@kitemq/runtime';
import type { Session } from './session.ts';

/** Option values of an mqadmin command, by its letters. */
export type Letters = Readonly<Record<string, string | undefined>>;

/** One of mqadmin's commands, by Apache's name. */
export interface MqadminCommand {
  readonly name: string;
  /** Each `letter longName` (a trailing `!`: required), as Apache's tool declares them. All take a value. */
  readonly options: string;
  readonly work: (session: Session, letters: Letters) => Promise<number | void>;
}

/** @throws KiteError `KITE_USAGE` for text that is no whole number */
export function whole(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text.trim())) throw new KiteError('KITE_USAGE', `${option} is "${text}": it must be a whole number`);
  return Number(text);
}

import { groupNameProblem, topicNameProblem } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';

/** @throws KiteError `KITE_OPTION_INVALID` */
export function checkGroup(group: string): string {
  const problem = groupNameProblem(String(group));
  if (problem !== undefined) throw invalid(problem);
  return group;
}

/** @throws KiteError `KITE_OPTION_INVALID` */
export function checkTopic(topic: string): string {
  const problem = topicNameProblem(String(topic));
  if (problem !== undefined) throw invalid(problem);
  return topic;
}

/** The value, or `otherwise` when it is undefined. @throws KiteError `KITE_OPTION_INVALID` */
export function checkNumber(
  name: string,
  value: number | undefined,
  range: { readonly min: number; readonly max: number; readonly otherwise: number },
): number {
  if (value === undefined) return range.otherwise;
  if (!Number.isInteger(value) || value < range.min || value > range.max) {
    throw invalid(`${name}: ${String(value)} is not a whole number from ${range.min} to ${range.max}`);
  }
  return value;
}

function invalid(text: string): KiteError {
  return new KiteError('KITE_OPTION_INVALID', text);
}

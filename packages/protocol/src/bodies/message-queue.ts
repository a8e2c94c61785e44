import { scalar } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';

export const MessageQueue = struct('MessageQueue', { brokerName: scalar.string(), queueId: scalar.int(), topic: scalar.string() });
export type MessageQueue = ValueOf<typeof MessageQueue>;

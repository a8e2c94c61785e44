export type { Channel, InvokeOptions, Reply } from './channel.ts';
export type { Processor, ProcessorTable, ReplyOptions, Request } from './request.ts';

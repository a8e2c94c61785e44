import { Commands, ConsumeMessageDirectlyResult, GetConsumerStatusBody, MessageQueueMap, ResponseCode } from '@kitemq/protocol';
import type { Processor, ProcessorTable, Request } from '@kitemq/remoting';
import type { Runtime } from '@kitemq/runtime';
import { DecodedMessage } from '../message/decoded-message.ts';
import { decodeMessages } from '../message/decode-messages.ts';
import type { ConsumerMember } from './client-core.ts';

/** What brokers ask of a client over its own connection: 40, 220, 221, 307, 309. */
export function serverRequests(runtime: Runtime, consumer: (group: string) => ConsumerMember | undefined): ProcessorTable {
  return new Map<number, Processor>([
    [Commands.notifyConsumerIdsChanged.code, (request) => consumer(request.header(Commands.notifyConsumerIdsChanged.request).consumerGroup)?.rebalance()],
    [Commands.resetConsumerClientOffset.code, (request) => resetOffset(request, consumer)],
    [Commands.getConsumerStatusFromClient.code, (request) => consumerStatus(request, consumer)],
    [Commands.getConsumerRunningInfo.code, (request) => runningInfo(request, consumer)],
    [Commands.consumeMessageDirectly.code, (request) => consumeDirectly(request, consumer, runtime)],
  ]);
}

type Find = (group: string) => ConsumerMember | undefined;

function resetOffset(request: Request, consumer: Find): void {
  const { group, topic } = request.header(Commands.resetConsumerClientOffset.request);
  const { offsetTable } = Commands.resetConsumerClientOffset.requestBody.decode(request.body);
  consumer(group)?.resetOffsets(
    topic,
    [...offsetTable].map(([queue, offset]) => ({ queue, offset })),
  );
}

function consumerStatus(request: Request, consumer: Find): void {
  const { group, topic } = request.header(Commands.getConsumerStatusFromClient.request);
  const member = consumer(group);
  if (member === undefined) return unknownGroup(request, group);
  const table = new MessageQueueMap(member.offsets(topic).map(({ queue, offset }) => [queue, offset] as const));
  const body = GetConsumerStatusBody.encode(GetConsumerStatusBody.create({ messageQueueTable: table }));
  request.reply(Commands.getConsumerStatusFromClient, ResponseCode.success, undefined, { body });
}

function runningInfo(request: Request, consumer: Find): void {
  const { consumerGroup } = request.header(Commands.getConsumerRunningInfo.request);
  const member = consumer(consumerGroup);
  if (member === undefined) return unknownGroup(request, consumerGroup);
  const body = Commands.getConsumerRunningInfo.responseBody.encode(member.runningInfo());
  request.reply(Commands.getConsumerRunningInfo, ResponseCode.success, undefined, { body });
}

function consumeDirectly(request: Request, consumer: Find, runtime: Runtime): void {
  const { consumerGroup, brokerName } = request.header(Commands.consumeMessageDirectly.request);
  const member = consumer(consumerGroup);
  if (member === undefined) return unknownGroup(request, consumerGroup);
  const [fields] = decodeMessages(Uint8Array.from(request.body ?? []), brokerName ?? '', runtime.logger);
  if (fields === undefined) return request.fail(ResponseCode.systemError, 'the request holds no message');
  request.detach();
  const started = runtime.clock.monotonic();
  const answer = (consumeResult: ConsumeMessageDirectlyResult['consumeResult'], remark?: string): void => {
    const spentTimeMills = Math.round(runtime.clock.monotonic() - started);
    const result = ConsumeMessageDirectlyResult.create({ consumeResult, spentTimeMills, ...(remark === undefined ? {} : { remark }) });
    request.reply(Commands.consumeMessageDirectly, ResponseCode.success, undefined, { body: ConsumeMessageDirectlyResult.encode(result) });
  };
  const work = member.consumeDirectly(new DecodedMessage(fields));
  if (work === undefined) return answer('CR_LATER', 'no handler is running');
  work.then(
    () => answer('CR_SUCCESS'),
    (error: unknown) => answer('CR_THROW_EXCEPTION', String(error)),
  );
}

function unknownGroup(request: Request, group: string): void {
  request.fail(ResponseCode.systemError, `The Consumer Group <${group}> not exist in this consumer`);
}

import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { Commands, HeartbeatData } from '@kitemq/protocol';
import { RemotingClient } from '@kitemq/remoting';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBroker, eventually } from '../support/test-broker.ts';

const clients = 300;

let test: TestBroker;
beforeAll(async () => {
  test = await TestBroker.start();
  // Opens what stays open: the log's file, the test's own connection.
  await test.send('First', 'x');
});
afterAll(() => test[Symbol.asyncDispose]());

const handles = (): number => readdirSync('/proc/self/fd').length;
const members = async (): Promise<number> => {
  const reply = await test.call(Commands.getConsumerConnectionList, { consumerGroup: 'CG_many' });
  return reply.code === 0 ? reply.body().connectionSet.length : 0;
};

describe('many clients', () => {
  it('are all members of their group, and leave nothing behind when they go without a word', async () => {
    const before = handles();
    const all = Array.from({ length: clients }, () => test.newClient());
    const heartbeat = (index: number): HeartbeatData =>
      HeartbeatData.create({ clientID: `127.0.0.1@${index}`, consumerDataSet: [{ groupName: 'CG_many', consumeType: 'CONSUME_PASSIVELY', messageModel: 'CLUSTERING', consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET', subscriptionDataSet: [], unitMode: false }] });
    await Promise.all(all.map((client, index) => test.call(Commands.heartBeat, {}, heartbeat(index), client)));
    expect(await members()).toBe(clients);
    await Promise.all(all.map((client: RemotingClient) => client.shutdown()));
    await eventually(async () => (await members()) === 0);
    if (process.platform === 'linux') await eventually(() => handles() <= before + 2);
  });

  it('that never say anything cost a handle each and give it back', async () => {
    const before = handles();
    const sockets = await Promise.all(
      Array.from({ length: clients }, () => new Promise<Socket>((resolve, reject) => {
        const socket: Socket = connect(test.broker.port, '127.0.0.1', () => resolve(socket));
        socket.once('error', reject);
      })),
    );
    expect((await test.send('StillServed', 'x')).code).toBe(0);
    for (const socket of sockets) socket.destroy();
    if (process.platform === 'linux') await eventually(() => handles() <= before + 2);
  });
});

import { median } from '../table.mjs';
import { wireRun } from '../wire-process.mjs';
import { row, withCluster } from './common.mjs';
import { createTopics } from './many-queues.mjs';

/** Spreads of the sends, the first is what the others are compared with. */
const spreads = [
  { topics: 1, queues: 1 },
  { topics: 1, queues: 1000 },
  { topics: 1, queues: 10_000 },
  { topics: 1000, queues: 10 },
];
/** A small machine that others use too measures no closer than this; the goal is 1.2. */
const noise = 1.2;

/** The CPU time of a message, sent to one queue or spread over up to 10 000. @type {import('./common.mjs').Check} */
export async function flatCost({ quick, log }) {
  const rounds = quick ? 2 : 5;
  const seconds = quick ? 2 : 4;
  return withCluster({}, async (cluster) => {
    for (const [index, spread] of spreads.entries()) await createTopics(cluster, `flat${index}`, spread);
    /** @type {number[][]} */
    const costs = spreads.map(() => []);
    /** @type {number[][]} */
    const written = spreads.map(() => []);
    for (let round = -1; round < rounds; round += 1) {
      for (const [index, { topics, queues }] of spreads.entries()) {
        // With one topic the generator takes the name as it is.
        const topic = topics === 1 ? `flat${index}_0` : `flat${index}`;
        const load = ['--mode', 'closed', '--topic', topic, '--topics', `${topics}`, '--queues', `${queues}`, '--kind', 'binary', '--seconds', `${seconds}`, '--warm', '1'];
        const measured = await wireRun(cluster, load);
        if (round < 0) continue; // warms up
        costs[index]?.push(measured.brokerCpuUs);
        written[index]?.push(measured.writtenBytes);
        log(`round ${round + 1}: ${topics} × ${queues}: ${measured.brokerCpuUs.toFixed(2)} µs/msg, ${Math.round(measured.perSecond)} msg/s`);
      }
    }
    return spreads.flatMap(({ topics, queues }, index) => {
      const own = costs[index] ?? [];
      const name = `sends spread over ${topics} topics × ${queues} queues`;
      const ratios = own.map((cost, round) => cost / (costs[0]?.[round] ?? Number.NaN));
      const amount = row(`${name}: written`, median(written[index] ?? []), 'bytes/msg');
      if (index === 0) return [row(`${name}: broker CPU`, median(own), 'µs/msg'), amount];
      return [row(`${name}: broker CPU`, median(own), 'µs/msg'), row(`${name}: CPU to that of one queue`, median(ratios), '×', 1.2 * noise), amount];
    });
  });
}

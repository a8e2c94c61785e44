import type { Clients } from './cluster-clients.ts';

/** Keeps cutting and mending the network between the machines; `stop` mends it for good. */
export const cutCables = ({ simulation, plan }: Clients): { stop(): Promise<void> } => {
  const random = simulation.random.fork('cables');
  const machines = ['nameserver', 'broker'];
  for (let index = 0; index < plan.producers; index++) machines.push(`producer-${index}`);
  for (let index = 0; index < plan.consumers; index++) machines.push(`consumer-${index}`);
  const controller = new AbortController();
  const cut = async (): Promise<void> => {
    while (!controller.signal.aborted) {
      await simulation.sleep(random.between(50, 2000));
      const [one, other] = [random.pick(machines), random.pick(machines)];
      const kind = random.pick(['both ways', 'one way', 'half-open', 'reset']);
      if (kind === 'both ways' || kind === 'one way') {
        simulation.partition(one, other, { oneWay: kind === 'one way' });
        await simulation.sleep(random.between(10, 4000));
        simulation.heal();
        continue;
      }
      const connections = simulation.network.connections(one, other);
      if (connections.length === 0) continue;
      const connection = random.pick(connections);
      if (kind === 'reset') simulation.network.reset(connection);
      else simulation.network.vanish(connection);
    }
  };
  const cutting = cut();
  return {
    stop: () => {
      controller.abort();
      return cutting;
    },
  };
};

import net from 'node:net';

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}

/**
 * A port that is free on loopback together with its neighbours: a broker on port p also uses p-2 (fast port) and p+1 (replication).
 * Below the kernel's ephemeral range, so that an outgoing connection does not take it meanwhile.
 * @param {{ below?: number, above?: number }} [neighbours]
 * @returns {Promise<number>}
 */
export async function freePort({ below = 0, above = 0 } = {}) {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = 12_000 + Math.floor(Math.random() * 18_000);
    let free = true;
    for (let p = port - below; free && p <= port + above; p += 1) free = await isFree(p);
    if (free) return port;
  }
  throw new Error('no free block of ports between 12000 and 30000 after 200 attempts');
}

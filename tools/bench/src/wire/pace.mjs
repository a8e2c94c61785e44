/**
 * Calls `send` for message 0, 1, 2, … when each is due, as exactly as this process can: it does not sleep in between, since a timer is late by up to a
 * millisecond, more than a broker takes for a message. Sockets are read in between.
 * @param {number} rate per second
 * @param {(index: number, dueAt: number) => void} send `dueAt`: ms of `performance.now()`
 * @returns {() => void} stops it
 */
export function paced(rate, send) {
  const startedAt = performance.now();
  let index = 0;
  let stopped = false;
  const step = () => {
    if (stopped) return;
    const now = performance.now();
    for (let dueAt = startedAt + (index * 1000) / rate; dueAt <= now; dueAt = startedAt + (index * 1000) / rate) {
      send(index, dueAt);
      index += 1;
    }
    setImmediate(step);
  };
  setImmediate(step);
  return () => {
    stopped = true;
  };
}

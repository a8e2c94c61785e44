import { describe, expect, test } from 'vitest';
import type { PowerCutStyle } from '@kitemq/simulator';
import { Simulation } from '@kitemq/simulator';
import { datasync, read, write } from '../helpers.ts';

const seeds = Array.from({ length: 200 }, (_, index) => index + 1);

/** What is in /data/log after a power cut: 1024 synced bytes, then four writes of 1024 that were not. */
const afterPowerCut = async (seed: number, style?: PowerCutStyle): Promise<string> => {
  const simulation = new Simulation({ seed });
  const machine = simulation.process('machine');
  return simulation.run(async () => {
    const { disk } = machine.runtime;
    disk.makeDirectorySync('/data');
    disk.syncDirectorySync('/');
    const file = disk.openSync('/data/log', 'create');
    disk.syncDirectorySync('/data');
    write(file, 'S'.repeat(1024));
    await datasync(file);
    for (const [index, letter] of ['a', 'b', 'c', 'd'].entries()) write(file, letter.repeat(1024), 1024 * (index + 1));
    machine.disk.powerCutStyle = style;
    machine.powerCut();
    return read(machine.restart().disk.openSync('/data/log', 'read'));
  });
};

describe('power cut: file contents', () => {
  test('what was synced is always there', async () => {
    for (const seed of seeds) expect((await afterPowerCut(seed)).slice(0, 1024)).toBe('S'.repeat(1024));
  });

  test('un-synced writes are kept, lost, torn at sectors, or come out of order', async () => {
    const results = await Promise.all(seeds.map((seed) => afterPowerCut(seed)));
    expect(results).toContain('S'.repeat(1024));
    expect(results).toContain(['S', 'a', 'b', 'c', 'd'].map((letter) => letter.repeat(1024)).join(''));
    const rests = results.map((each) => each.slice(1024));
    expect(rests.some((rest) => /[abcd]{512}/.test(rest) && rest.length % 1024 === 512)).toBe(true);
    expect(rests.some((rest) => rest.includes('b') && !rest.includes('a'))).toBe(true);
    expect(rests.some((rest) => /\0{512}/.test(rest))).toBe(true);
    // Sectors are whole: a letter comes in multiples of 512.
    for (const rest of rests) for (const run of rest.match(/(.)\1*/gs) ?? []) expect(run.length % 512).toBe(0);
  });

  test('the style can be chosen', async () => {
    for (const seed of seeds.slice(0, 20)) {
      expect((await afterPowerCut(seed, 'kept')).length).toBe(5 * 1024);
      expect((await afterPowerCut(seed, 'lost')).length).toBe(1024);
    }
  });

  test('kill -9 keeps everything', async () => {
    const simulation = new Simulation({ seed: 1 });
    const machine = simulation.process('machine');
    const { disk } = machine.runtime;
    disk.makeDirectorySync('/data');
    write(disk.openSync('/data/log', 'create'), 'never synced');
    machine.kill();
    expect(read(machine.restart().disk.openSync('/data/log', 'read'))).toBe('never synced');
  });

  test('a write during a datasync is not covered by it', async () => {
    const simulation = new Simulation({ seed: 1 });
    const machine = simulation.process('machine');
    await simulation.run(async () => {
      const { disk } = machine.runtime;
      const file = disk.openSync('/log', 'create');
      disk.syncDirectorySync('/');
      write(file, 'before');
      const synced = datasync(file);
      write(file, 'after', 6);
      await synced;
      machine.disk.powerCutStyle = 'lost';
      machine.powerCut();
      expect(read(machine.restart().disk.openSync('/log', 'read'))).toBe('before');
    });
  });
});

describe('power cut: directory entries', () => {
  test('a file that was created, renamed or removed may or may not be, until its directory is synced', async () => {
    const seen = new Set<string>();
    for (const seed of seeds) {
      const simulation = new Simulation({ seed });
      const machine = simulation.process('machine');
      const { disk } = machine.runtime;
      for (const name of ['old', 'gone']) disk.openSync(`/${name}`, 'create').closeSync();
      disk.syncDirectorySync('/');
      disk.openSync('/new', 'create').closeSync();
      disk.renameSync('/old', '/renamed');
      disk.removeSync('/gone');
      machine.powerCut();
      const left = machine.restart().disk.listSync('/');
      expect(left.filter((name) => name === 'old' || name === 'renamed').length).toBe(1);
      seen.add(left.join());
    }
    expect(seen.size).toBe(8);
  });

  test('replaceFile is all or nothing at every step of it', async () => {
    const seen = new Set<string>();
    for (const seed of seeds) {
      const simulation = new Simulation({ seed });
      const machine = simulation.process('machine');
      machine.crashKind = 'powerCut';
      machine.runtime.disk.replaceFileSync('/config', Buffer.from('old'));
      machine.disk.crashAfterOperations(1 + (seed % 7));
      try {
        machine.runtime.disk.replaceFileSync('/config', Buffer.from('new'));
      } catch (error) {
        expect((error as Error).message).toContain('is dead');
      }
      const finished = machine.alive;
      if (finished) machine.powerCut();
      const content = Buffer.from(machine.restart().disk.readFileSync('/config')).toString();
      expect(finished ? ['new'] : ['old', 'new']).toContain(content);
      seen.add(content);
    }
    expect(seen).toEqual(new Set(['old', 'new']));
  });
});

describe('a failing disk', () => {
  test('full: a write takes what fits, then ENOSPC; removing makes room', () => {
    const machine = new Simulation({ seed: 1 }).process('machine');
    const { disk } = machine.runtime;
    machine.disk.totalBytes = 10_000;
    const file = disk.openSync('/a', 'create');
    write(file, 'x'.repeat(9000));
    expect(disk.spaceSync('/').freeBytes).toBe(1000);
    expect(() => write(file, 'y'.repeat(2000), 9000)).toThrow('ENOSPC');
    // What fits, up to the last whole sector.
    expect(file.sizeSync()).toBe(9728);
    write(file, 'z'.repeat(9000));
    const other = disk.openSync('/b', 'create');
    expect(() => write(other, 'x'.repeat(512))).toThrow('ENOSPC');
    disk.removeSync('/a');
    write(other, 'x');
    expect(disk.spaceSync('/').freeBytes).toBe(9999);
  });

  test('a failed datasync may lose pages for good: the next one succeeds without them', async () => {
    const results = new Set<string>();
    for (const seed of seeds.slice(0, 50)) {
      const simulation = new Simulation({ seed });
      const machine = simulation.process('machine');
      await simulation.run(async () => {
        const { disk } = machine.runtime;
        const file = disk.openSync('/log', 'create');
        disk.syncDirectorySync('/');
        write(file, 'page');
        machine.disk.faults.failDatasyncProbability = 1;
        await expect(datasync(file)).rejects.toThrow('EIO');
        machine.disk.faults.failDatasyncProbability = 0;
        await datasync(file);
        expect(read(file)).toBe('page');
        machine.disk.powerCutStyle = 'lost';
        machine.powerCut();
        results.add(read(machine.restart().disk.openSync('/log', 'read')));
      });
    }
    expect(results).toEqual(new Set(['', 'page']));
  });

  test('slow datasyncs, failing writes and reads, and a disk that lies', async () => {
    const simulation = new Simulation({ seed: 5 });
    const machine = simulation.process('machine');
    await simulation.run(async () => {
      const { disk } = machine.runtime;
      const { faults } = machine.disk;
      const file = disk.openSync('/log', 'create');
      disk.syncDirectorySync('/');
      write(file, 'abc');
      faults.slowDatasyncProbability = 1;
      const start = simulation.now;
      await datasync(file);
      expect(simulation.now - start).toBeGreaterThan(200);
      faults.failWriteProbability = 1;
      expect(() => write(file, 'x')).toThrow('EIO');
      faults.failWriteProbability = 0;
      faults.failReadProbability = 1;
      expect(() => read(file)).toThrow('EIO');
      faults.failReadProbability = 0;
      faults.ignoreDatasync = true;
      write(file, 'XYZ');
      await datasync(file);
      machine.disk.powerCutStyle = 'lost';
      machine.powerCut();
      expect(read(machine.restart().disk.openSync('/log', 'read'))).toBe('abc');
    });
  });

  test('a flipped bit is there to be found', () => {
    const machine = new Simulation({ seed: 1 }).process('machine');
    const file = machine.runtime.disk.openSync('/log', 'create');
    write(file, 'abcd');
    machine.disk.flipBit('/log', 2);
    const content = read(file);
    expect(content).not.toBe('abcd');
    expect(content.slice(0, 2) + content.slice(3)).toBe('abd');
  });
});

describe('locks', () => {
  test('end with their process, and hold against another one on the same machine', () => {
    const simulation = new Simulation({ seed: 1 });
    const first = simulation.process('first');
    const second = simulation.process('second', { machine: 'first' });
    first.runtime.disk.lockSync('/lock');
    expect(() => second.runtime.disk.lockSync('/lock')).toThrow(`locked by process ${first.runtime.processId}`);
    first.kill();
    second.runtime.disk.lockSync('/lock').release();
  });
});

test('renames and syncs of directories fail when told to, and nothing is renamed', async () => {
  const simulation = new Simulation({ seed: 3 });
  const machine = simulation.process('machine');
  const { disk } = machine.runtime;
  disk.makeDirectorySync('/data');
  disk.openSync('/data/a', 'create').closeSync();
  machine.disk.faults.failEntryProbability = 1;
  expect(() => disk.renameSync('/data/a', '/data/b')).toThrow(/EIO/);
  expect(() => disk.syncDirectorySync('/data')).toThrow(/EIO/);
  machine.disk.faults.failEntryProbability = 0;
  expect(disk.listSync('/data')).toEqual(['a']);
});

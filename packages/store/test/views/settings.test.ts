import { silentLogger } from '@kitemq/runtime';
import { describe, expect, it, vi } from 'vitest';
import { SettingsView } from '../../src/views/settings.ts';
import { ViewSet } from '../../src/views/view-set.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { startedStore, storeOptions, temporaryFolder } from '../support.ts';
import { HeldLog } from './held-log.ts';

const lost = new Error('lost by the test');

describe('a setting whose change fails', () => {
  it.each([
    ['puts', (view: SettingsView) => [view.put('k', 'a', 'first'), view.put('k', 'a', 'second')]],
    ['a put and a removal', (view: SettingsView) => [view.put('k', 'a', 'first'), view.remove('k', 'a')]],
    ['a removal and a put', (view: SettingsView) => [view.remove('k', 'a'), view.put('k', 'a', 'second')]],
    ['removals', (view: SettingsView) => [view.remove('k', 'a'), view.remove('k', 'a')]],
  ])('has what the log has: %s that fail together', async (_, change) => {
    const log = new HeldLog();
    const view = new SettingsView(log);
    const durable = view.put('k', 'a', 'durable');
    log.settle();
    await durable;
    const changes = Promise.allSettled(change(view));
    log.settle(lost);
    expect((await changes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(view.get('k', 'a')).toBe('durable');
  });

  it('is gone when the log never had it', async () => {
    const log = new HeldLog();
    const view = new SettingsView(log);
    const changes = Promise.allSettled([view.put('k', 'a', 1), view.put('k', 'a', 2)]);
    log.settle(lost);
    await changes;
    expect([...view.entries('k')]).toEqual([]);
  });

  it('is back before anybody sees it, when the log refuses', async () => {
    const log = new HeldLog();
    const view = new SettingsView(log);
    log.refusal = lost;
    const put = view.put('k', 'a', 1);
    expect(view.get('k', 'a')).toBeUndefined();
    await expect(put).rejects.toBe(lost);
  });

  it('has what is still on its way', async () => {
    const disk = new FaultyDisk();
    const options = storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk) });
    const store = await startedStore(options);
    await store.settings.put('k', 'a', 'durable');
    disk.holdsSyncs = true;
    const written = store.settings.put('k', 'a', 'written');
    await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
    disk.space = 0;
    await expect(store.settings.put('k', 'a', 'no space')).rejects.toMatchObject({ code: 'KITE_STORE_NO_SPACE' });
    expect(store.settings.get('k', 'a')).toBe('written');
    disk.space = Number.MAX_SAFE_INTEGER;
    disk.release();
    await written;
    expect(store.settings.get('k', 'a')).toBe('written');
    await store.shutdown();
    expect((await startedStore(options)).settings.get('k', 'a')).toBe('written');
  });

  it('makes a snapshot fail that has left it out', async () => {
    const log = new HeldLog();
    const view = new SettingsView(log);
    const views = new ViewSet(silentLogger);
    views.add(view);
    const put = view.put('k', 'a', 1);
    log.settle();
    await put;
    const removal = view.remove('k', 'a');
    const ended = Promise.allSettled([removal, views.snapshot(log)]);
    await vi.waitFor(() => expect(log.waiting).toBe(2));
    expect(log.bodies).toHaveLength(2);
    log.settle(lost);
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(view.get('k', 'a')).toBe(1);
  });
});

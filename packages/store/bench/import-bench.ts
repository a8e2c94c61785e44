import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeRuntime, silentLogger } from '@kitemq/runtime';
import { AppendStatus, exportApacheLog, importApacheStore, LogStore, type AppendCompletion, type ImportReport } from '../src/index.ts';

/**
 * Import and export of a log of `megabytes` (default 1024) in files of 128 MiB, with bodies of 1 KiB in 16 queues.
 * `node bench/run.mjs import [megabytes] [folder]`; the folder has to be on the disk that is measured.
 */
const megabytes = Number(process.argv[2] ?? 1024);
const folder = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'kitemq-import-bench-'));
const runtime = nodeRuntime({ logger: silentLogger });
const segmentBytes = 128 * 1024 * 1024;
const properties = Buffer.from('UNIQ_KEY\u0001AC1100010001000000000000000000FF\u0002WAIT\u0001true\u0002TRACE_ON\u0001true\u0002MSG_REGION\u0001DefaultRegion\u0002CLUSTER\u0001DefaultCluster\u0002TAGS\u0001TagA\u0002');

/** What Apache would have written: the same records in the same layout. */
async function makeSource(path: string): Promise<void> {
  const store = new LogStore({ runtime, path, storeHost: { address: '127.0.0.1', port: 10911 }, segmentBytes, flushMode: 'async' });
  await store.start();
  const message = { topic: 'Bench', queueId: 0, flag: 0, sysFlag: 0, bornTimestamp: 1, bornHost: Buffer.alloc(8), reconsumeTimes: 0, preparedTransactionOffset: 0, body: Buffer.alloc(1024, 'a'), properties, tagsCode: 0 };
  let wake: (() => void) | undefined;
  const completion: AppendCompletion = { physicalOffset: 0, queueOffset: 0, storeTimestamp: 0, physicalOffsets: undefined, waitForFlush: true, appended: () => wake?.() };
  while (store.maxPosition < megabytes * 1024 * 1024) {
    message.queueId = (message.queueId + 1) % 16;
    if (store.append(message, completion) !== AppendStatus.accepted) await new Promise<void>((resolve) => (wake = resolve));
  }
  await store.shutdown();
  renameSync(join(path, 'views'), join(path, 'config'));
}

async function measure(name: string, run: () => Promise<{ readonly bytes: number; readonly durationMs: number }>): Promise<void> {
  const before = process.cpuUsage();
  const report = await run();
  const { user, system } = process.cpuUsage(before);
  const rate = (ms: number): string => `${Math.round(report.bytes / 1024 / 1024 / (ms / 1000))} MiB/s`;
  const { takeMs, replayMs } = report as Partial<ImportReport>;
  const parts = takeMs === undefined || replayMs === undefined ? '' : `, taking ${Math.round(takeMs)} ms, reading ${rate(replayMs)}`;
  console.log(`${name.padEnd(16)} ${rate(report.durationMs).padStart(12)} ${Math.round(report.durationMs)} ms${parts}, ${((user + system) / 1e6).toFixed(1)} s CPU`);
}

try {
  const source = join(folder, 'apache');
  await makeSource(source);
  mkdirSync(join(source, 'config'), { recursive: true });
  const common = { runtime, source, afterCrash: false, damaged: false, prepare: () => undefined, carry: () => Promise.resolve({ counts: {}, notes: [] }), isKnownTopic: () => true };
  for (const mode of ['copy', 'link'] as const) {
    const target = join(folder, mode);
    await measure(`import --${mode}`, () => importApacheStore({ ...common, target, mode }));
    if (mode === 'copy') rmSync(target, { recursive: true });
  }
  await measure('export --link', () => exportApacheLog({ runtime, source: join(folder, 'link'), target: join(folder, 'out'), mode: 'link', describe: () => ({ files: new Map(), notes: [] }) }));
} finally {
  rmSync(folder, { recursive: true });
}

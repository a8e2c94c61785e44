import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, onTestFinished, vi } from 'vitest';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const patienceMs = 60_000;

// Processes take their time on a busy machine; nothing here measures it.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** Bundles an app as its build does, into a folder of its own outside the repository. Returns the bundle's path. */
export async function bundleApp(name: string): Promise<string> {
  const dist = temporaryDirectory(afterAll);
  const tool = (await import(join(root, 'tools/bundle/bundle.mjs'))) as { bundle(name: string, options: { directory: string; dist: string }): Promise<void> };
  await tool.bundle(name, { directory: join(root, 'apps', name), dist });
  return join(dist, `${name}.mjs`);
}

/** A folder that is gone when the test is over and its programs have ended (which `afterEach` below waits for). */
export function temporaryDirectory(cleanup: (step: () => void) => unknown = onTestFinished): string {
  const directory = mkdtempSync(join(tmpdir(), 'kitemq-cli-'));
  cleanup(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A program that was started, and what it has said so far. */
export class Program {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly exited: Promise<number | string>;

  constructor(args: readonly string[], options: { env?: Record<string, string>; cwd?: string } = {}) {
    const env = { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...options.env };
    this.child = spawn(process.execPath, [...args], { env, cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.exited = once(this.child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  }

  /** The line that begins with `ready`. */
  async ready(): Promise<string> {
    let status: number | string | undefined;
    void this.exited.then((ended) => (status = ended));
    const line = await vi.waitFor(
      () => {
        const found = /^ready .*$/m.exec(this.stdout)?.[0];
        if (found === undefined && status === undefined) throw new Error(`not ready yet:\n${this.stdout}${this.stderr}`);
        return found;
      },
      { timeout: patienceMs, interval: 10 },
    );
    if (line === undefined) throw new Error(`it ended with ${String(status)}:\n${this.stdout}${this.stderr}`);
    return line;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    this.child.kill(signal);
    return this.exited;
  }
}

const running: Program[] = [];

/** Starts a program that is killed at the end of the test at the latest. */
export function run(args: readonly string[], options?: { env?: Record<string, string>; cwd?: string }): Program {
  const program = new Program(args, options);
  running.push(program);
  return program;
}

afterEach(async () => {
  for (const program of running.splice(0)) {
    program.child.kill('SIGKILL');
    await program.exited;
  }
});


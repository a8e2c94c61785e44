// ali-ons against KiteMQ alone, without Java: the same as `node ../run.mjs --client ali-ons`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const runner = fileURLToPath(new URL('../run.mjs', import.meta.url));
process.exit(spawnSync(process.execPath, [runner, ...process.argv.slice(2), '--client', 'ali-ons'], { stdio: 'inherit' }).status ?? 1);

// Makes the reference pages from what the code declares: `npm run docs` writes them, `npm run docs -- --check` fails when one is out of date.
import { updateConfigPage } from './config-page.mjs';
import { updateProtocolPage } from './protocol-page.mjs';

const check = process.argv.includes('--check');
let passed = 0;
let failed = 0;
for (const [name, update] of [
  ['docs/protocol.md', updateProtocolPage],
  ['docs/config.md', updateConfigPage],
]) {
  const current = await update({ check });
  if (current) passed++;
  else failed++;
  console.log(current ? `${name} ${check ? 'is current' : 'is written'}` : `${name} is not what the code says: run npm run docs`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

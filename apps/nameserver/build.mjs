import { bundle } from '../../tools/bundle/bundle.mjs';

await bundle('nameserver', { directory: import.meta.dirname });

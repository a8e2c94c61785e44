import { bundle } from '../../tools/bundle/bundle.mjs';

await bundle('broker', { directory: import.meta.dirname });

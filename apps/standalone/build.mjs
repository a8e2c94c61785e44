import { bundle } from '../../tools/bundle/bundle.mjs';

await bundle('standalone', { directory: import.meta.dirname });

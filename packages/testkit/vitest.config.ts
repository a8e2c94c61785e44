export { default } from '../../tools/dev/vitest.base.ts';

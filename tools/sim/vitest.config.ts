export { default } from '../dev/vitest.base.ts';

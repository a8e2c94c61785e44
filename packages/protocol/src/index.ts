export * from './header.ts';
export * from './command.ts';
export * from './body.ts';
export * from './frame.ts';

import { comesFromCrash } from './incarnation.ts';

type RejectionListener = (reason: unknown, promise: Promise<unknown>) => void;

/** Node has one place for rejections that nobody handles; while simulations run, it is theirs. */
const watching: Set<(reason: unknown) => void> = new Set();
let others: RejectionListener[] = [];

const onRejection = (reason: unknown): void => {
  // What a dead process still rejects is nobody's business.
  if (comesFromCrash(reason)) return;
  for (const report of watching) report(reason);
};

/** Sends rejections that nobody handles to `report` until the returned function is called; whoever listened before listens again then. */
export const watchRejections = (report: (reason: unknown) => void): (() => void) => {
  if (watching.size === 0) {
    others = process.listeners('unhandledRejection') as RejectionListener[];
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', onRejection);
  }
  watching.add(report);
  return () => {
    if (!watching.delete(report) || watching.size > 0) return;
    process.off('unhandledRejection', onRejection);
    for (const other of others) process.on('unhandledRejection', other);
    others = [];
  };
};

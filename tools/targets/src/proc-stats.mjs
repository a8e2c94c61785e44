import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

const CLOCK_TICKS_PER_SECOND = readClockTicks();

function readClockTicks() {
  try {
    return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).trim()) || 100;
  } catch {
    return 100; // what every Linux build for servers uses
  }
}

/**
 * What the kernel says about a process (Linux only).
 * @typedef {object} ProcStats
 * @property {number} cpuUs user and system time so far, microseconds (resolution: one clock tick, usually 10 ms)
 * @property {number} rssBytes resident memory now
 * @property {number} rssPeakBytes largest resident memory so far
 * @property {number} writtenBytes bytes handed to the storage layer so far
 * @property {number} writeSyscalls write calls so far, sockets included
 */

/** @param {number} pid @returns {ProcStats} */
export function procStats(pid) {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  const io = readIo(pid);
  return {
    cpuUs: (ticks / CLOCK_TICKS_PER_SECOND) * 1e6,
    rssBytes: numberAfter(status, 'VmRSS:') * 1024,
    rssPeakBytes: numberAfter(status, 'VmHWM:') * 1024,
    writtenBytes: numberAfter(io, 'write_bytes:'),
    writeSyscalls: numberAfter(io, 'syscw:'),
  };
}

/** @param {number} pid */
function readIo(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/io`, 'utf8');
  } catch {
    return ''; // not readable in some containers
  }
}

/** @param {string} text @param {string} label @returns {number} */
function numberAfter(text, label) {
  const at = text.indexOf(`${label}`);
  return at < 0 ? Number.NaN : Number.parseInt(text.slice(at + label.length), 10);
}

import { posix } from 'node:path';
import type { SimulatedRandom } from '../core/simulated-random.ts';
import { FileNode } from './file-node.ts';

/** A directory has no content of its own: its entries are the paths below it. */
export class DirectoryNode {
  readonly size = 0;
}

type Entry = FileNode | DirectoryNode;

/** A change of directory entries that the journal does not have yet; it is atomic. */
interface PendingEntry {
  /** A sync of any of these makes it durable. */
  readonly directories: readonly string[];
  apply(entries: Map<string, Entry>): void;
}

/** Which files exist where: as processes see it, and as a power cut leaves it. */
export class NameSpace {
  entries: Map<string, Entry> = new Map([['/', new DirectoryNode()]]);
  #durable: Map<string, Entry> = new Map(this.entries);
  #pending: PendingEntry[] = [];

  /** Everything at or below `path`. */
  under(path: string): string[] {
    return Array.from(this.entries.keys()).filter((each) => each === path || each.startsWith(`${path}/`));
  }

  /** Names in the directory, sorted. */
  names(path: string): string[] {
    const prefix = path === '/' ? '/' : `${path}/`;
    const names: string[] = [];
    for (const each of this.entries.keys()) {
      if (each.length > prefix.length && each.startsWith(prefix) && !each.includes('/', prefix.length)) names.push(each.slice(prefix.length));
    }
    return names.sort();
  }

  add(path: string, entry: Entry): void {
    this.#change([posix.dirname(path)], (entries) => entries.set(path, entry));
  }

  remove(path: string): void {
    const node = this.entries.get(path);
    this.#change([posix.dirname(path)], (entries) => {
      if (entries.get(path) === node) entries.delete(path);
    });
  }

  /** Moves a file or a directory with what is in it. */
  rename(from: string, to: string): void {
    const moved = this.under(from).map((path) => [path, to + path.slice(from.length), this.entries.get(path)!] as const);
    this.#change([posix.dirname(from), posix.dirname(to)], (entries) => {
      for (const [old, next, node] of moved) {
        if (entries.get(old) === node) entries.delete(old);
        entries.set(next, node);
      }
    });
  }

  /** The entries of the directory are durable from now on. */
  sync(path: string): void {
    const rest: PendingEntry[] = [];
    for (const change of this.#pending) {
      if (change.directories.includes(path)) change.apply(this.#durable);
      else rest.push(change);
    }
    this.#pending = rest;
  }

  /** Un-synced changes survive up to a point (a journal), or each for itself. */
  powerCut(random: SimulatedRandom): void {
    const journal = random.chance(0.5);
    const reached = random.below(this.#pending.length + 1);
    this.#pending.forEach((change, index) => {
      if (journal ? index < reached : random.chance(0.5)) change.apply(this.#durable);
    });
    this.#pending = [];
    for (const path of Array.from(this.#durable.keys()).sort()) {
      if (!(this.#durable.get(posix.dirname(path)) instanceof DirectoryNode)) this.#durable.delete(path);
    }
    this.entries = new Map(this.#durable);
  }

  files(): FileNode[] {
    return Array.from(this.entries.values()).filter((entry) => entry instanceof FileNode);
  }

  #change(directories: readonly string[], apply: (entries: Map<string, Entry>) => void): void {
    apply(this.entries);
    this.#pending.push({ directories, apply });
  }
}

import type { RouteTable } from './route-table.ts';

/** Encoded routes, kept until the next change: thousands of clients ask for the same topics twice a minute. */
export class RouteAnswers {
  private readonly routes: RouteTable;
  private readonly byTopic: Map<string, Uint8Array> = new Map();
  private version = -1;

  constructor(routes: RouteTable) {
    this.routes = routes;
  }

  get(topic: string): Uint8Array | undefined {
    if (this.version === this.routes.version) return this.byTopic.get(topic);
    this.byTopic.clear();
    this.version = this.routes.version;
    return undefined;
  }

  /** There is at most one answer per topic that exists, so the routes bound this too. */
  put(topic: string, bytes: Uint8Array): void {
    this.byTopic.set(topic, bytes);
  }

  /** Something that is not in the routes changed (settings, order configuration). */
  clear(): void {
    this.byTopic.clear();
  }
}

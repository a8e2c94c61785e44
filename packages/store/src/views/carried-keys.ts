import type { KeyValueBatch, KeyValueStore } from '@kitemq/runtime';
import { forCarried } from '../compaction/carried-records.ts';
import { bodyOf } from '../commit-log/record-format.ts';
import type { KeyView } from './keys.ts';
import type { LogRecord } from './log-record.ts';
import { SystemTopic } from './system-topics.ts';
import type { View } from './view.ts';

/** Has the key view index the messages that compaction carried over, at their new places. It holds nothing itself. */
export class CarriedKeys implements View {
  readonly name = 'carriedKeys';
  readonly version = 1;
  readonly topics: readonly string[] = [SystemTopic.carried];
  readonly #keys: KeyView;

  constructor(keys: KeyView) {
    this.#keys = keys;
  }

  load(_rows: KeyValueStore): void {}

  apply(record: LogRecord): void {
    const bytes = record.bytes();
    const body = bodyOf(bytes);
    const bodyPosition = record.position + (body.byteOffset - bytes.byteOffset);
    forCarried(body, ({ storeTimestamp }, at) => this.#keys.addCarried(body, at, { position: bodyPosition + at, storeTimestamp }));
  }

  checkpoint(_batch: KeyValueBatch): void {}

  checkpointed(): void {}
}

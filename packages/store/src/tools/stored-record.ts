import { unpack } from 'msgpackr';
import { decodeProperties, hostText, type RecordView } from '@kitemq/protocol';
import { forCarried } from '../compaction/carried-records.ts';
import { isStoreTopic, SystemTopic } from '../views/system-topics.ts';

/** How a body is shown. `auto`: as text when it is UTF-8, else base64. */
export const bodyForms = ['none', 'auto', 'text', 'hex', 'base64'] as const;
export type BodyForm = (typeof bodyForms)[number];

/** A record of the log as plain data. */
export interface StoredRecord {
  /** Log position and bytes. */
  readonly position: number;
  readonly size: number;
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: number;
  /** Milliseconds since the epoch. */
  readonly storeTimestamp: number;
  readonly bornTimestamp: number;
  readonly bornHost: string;
  readonly storeHost: string;
  readonly flag: number;
  readonly sysFlag: number;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: number;
  readonly bodyCrc: number;
  readonly bodyBytes: number;
  readonly properties: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How `body` is written. */
  readonly bodyForm?: Exclude<BodyForm, 'none' | 'auto'>;
  /** What one of the store's own records says; of one that carries messages, how many. */
  readonly content?: unknown;
  /** Log position of the store's own record that carries it: compaction keeps it there. */
  readonly carriedBy?: number;
}

const strict = new TextDecoder('utf8', { fatal: true });

function textOf(body: Uint8Array): string | undefined {
  try {
    return strict.decode(body);
  } catch {
    return undefined;
  }
}

function shownBody(body: Uint8Array, form: BodyForm): Pick<StoredRecord, 'body' | 'bodyForm'> {
  if (form === 'none') return {};
  const text = form === 'auto' ? textOf(body) : undefined;
  if (text !== undefined) return { body: text, bodyForm: 'text' };
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (form === 'text') return { body: bytes.toString('utf8'), bodyForm: 'text' };
  const bodyForm = form === 'hex' ? 'hex' : 'base64';
  return { body: bytes.toString(bodyForm), bodyForm };
}

/** What the record says that the view stands at; nothing refers to the view's bytes afterwards. */
export function storedRecord(view: RecordView, form: BodyForm): StoredRecord {
  const { topic } = view;
  return {
    position: view.physicalOffset,
    size: view.size,
    topic,
    queueId: view.queueId,
    queueOffset: view.queueOffset,
    storeTimestamp: view.storeTimestamp,
    bornTimestamp: view.bornTimestamp,
    bornHost: hostText(view.bornHost),
    storeHost: hostText(view.storeHost),
    flag: view.flag,
    sysFlag: view.sysFlag,
    reconsumeTimes: view.reconsumeTimes,
    preparedTransactionOffset: view.preparedTransactionOffset,
    bodyCrc: view.bodyCrc,
    bodyBytes: view.bodyLength,
    properties: decodeProperties(view.properties),
    ...(isStoreTopic(topic) && form !== 'none' ? ownContent(view, form) : shownBody(view.body, form)),
  };
}

function ownContent(view: RecordView, form: BodyForm): Pick<StoredRecord, 'body' | 'bodyForm' | 'content'> {
  try {
    return { content: view.topic === SystemTopic.carried ? carriedCount(view) : (unpack(view.body) as unknown) };
  } catch {
    return shownBody(view.body, form === 'auto' ? 'base64' : form);
  }
}

function carriedCount({ body }: RecordView): { readonly carried: number } {
  let carried = 0;
  forCarried(body, () => void carried++);
  return { carried };
}

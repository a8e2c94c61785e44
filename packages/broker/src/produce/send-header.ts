import { fieldIndex, SendMessageRequestHeader, SendMessageRequestHeaderV2 } from '@kitemq/protocol';
import type { FieldReader } from '@kitemq/protocol';
import type { Request } from '@kitemq/remoting';

/** Where the fields of a send are, in its long and its short form. */
function layoutOf(schema: typeof SendMessageRequestHeader | typeof SendMessageRequestHeaderV2) {
  const at = (name: keyof typeof SendMessageRequestHeader.fields & keyof typeof SendMessageRequestHeaderV2.fields): number => fieldIndex(schema as typeof SendMessageRequestHeader, name);
  return {
    schema,
    producerGroup: at('producerGroup'),
    topic: at('topic'),
    defaultTopic: at('defaultTopic'),
    defaultTopicQueueNums: at('defaultTopicQueueNums'),
    queueId: at('queueId'),
    sysFlag: at('sysFlag'),
    bornTimestamp: at('bornTimestamp'),
    flag: at('flag'),
    properties: at('properties'),
    reconsumeTimes: at('reconsumeTimes'),
    unitMode: at('unitMode'),
    maxReconsumeTimes: at('maxReconsumeTimes'),
    batch: at('batch'),
  };
}
type Layout = ReturnType<typeof layoutOf>;

const longNames: Layout = layoutOf(SendMessageRequestHeader);
const letters: Layout = layoutOf(SendMessageRequestHeaderV2);

/**
 * The header of a send (long names or letters) as far as a broker needs it: of the texts only the topic is made, the properties are
 * copied as bytes. One instance per broker, reused: valid until the next `read`.
 */
export class SendHeader {
  topic = '';
  defaultTopicQueueNums = 0;
  queueId = 0;
  sysFlag = 0;
  bornTimestamp = 0;
  flag = 0;
  reconsumeTimes = 0;
  unitMode = false;
  maxReconsumeTimes: number | undefined = undefined;
  batch = false;
  #fields!: FieldReader;
  #layout: Layout = letters;

  /** @throws KiteError `KITE_HEADER_INVALID` */
  read(request: Request, form: 'longNames' | 'letters'): this {
    const layout = form === 'letters' ? letters : longNames;
    const fields = request.fields(layout.schema);
    this.#layout = layout;
    this.#fields = fields;
    fields.require(layout.producerGroup);
    fields.require(layout.defaultTopic);
    this.topic = fields.string(layout.topic)!;
    this.defaultTopicQueueNums = fields.int(layout.defaultTopicQueueNums)!;
    this.queueId = fields.int(layout.queueId)!;
    this.sysFlag = fields.int(layout.sysFlag)!;
    this.bornTimestamp = fields.long(layout.bornTimestamp)!;
    this.flag = fields.int(layout.flag)!;
    this.reconsumeTimes = fields.int(layout.reconsumeTimes) ?? 0;
    this.unitMode = fields.boolean(layout.unitMode) === true;
    this.maxReconsumeTimes = fields.int(layout.maxReconsumeTimes);
    this.batch = fields.boolean(layout.batch) === true;
    return this;
  }

  get defaultTopic(): string {
    return this.#fields.string(this.#layout.defaultTopic)!;
  }

  /** Copies the property string to `target` as UTF-8 and returns its length, -1 when it is longer than a sixth of `target` allows. */
  copyProperties(target: Uint8Array): number {
    return this.#fields.copyText(this.#layout.properties, target, 0);
  }
}

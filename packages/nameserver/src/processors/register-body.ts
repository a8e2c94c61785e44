import { inflateSync } from 'node:zlib';
import { DataVersion, MqVersion, RegisterBrokerBody, TopicConfig, TopicConfigAndMappingSerializeWrapper, TopicQueueMappingInfo } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';

/** A compressed registration may grow to this and no further. */
const inflatedBytesMax = 67_108_864;
const topicFieldsMin = 5;

export interface RegisterBodyFormat {
  /** The header's word for it (`compressed`). */
  readonly compressed: boolean;
  /** The broker's version. */
  readonly version: number;
}

/** Reads what a broker registers, in any of the forms brokers send. @throws KiteError `KITE_BODY_INVALID` */
export function decodeRegisterBody(bytes: Uint8Array | undefined, { compressed, version }: RegisterBodyFormat): RegisterBrokerBody {
  if (bytes === undefined) return RegisterBrokerBody.create();
  if (version < MqVersion.v3_0_11) {
    return RegisterBrokerBody.create({ topicConfigSerializeWrapper: TopicConfigAndMappingSerializeWrapper.decode(bytes) });
  }
  return compressed ? decodeCompressed(bytes, version) : RegisterBrokerBody.decode(bytes);
}

function decodeCompressed(bytes: Uint8Array, version: number): RegisterBrokerBody {
  const pieces = new Pieces(inflate(bytes));
  const wrapper = TopicConfigAndMappingSerializeWrapper.create({ dataVersion: DataVersion.decode(pieces.next()) });
  for (let left = pieces.count(); left > 0; left--) {
    const topic = topicOf(pieces.next().toString('utf8'));
    wrapper.topicConfigTable.set(topic.topicName, topic);
  }
  const filterServerList = JSON.parse(pieces.next().toString('utf8') || '[]') as unknown;
  if (version >= MqVersion.v5_0_0) {
    for (let left = pieces.count(); left > 0; left--) {
      const mapping = TopicQueueMappingInfo.decode(pieces.next());
      wrapper.topicQueueMappingInfoMap.set(mapping.topic, mapping);
    }
  }
  const servers = Array.isArray(filterServerList) ? filterServerList.filter((each): each is string => typeof each === 'string') : [];
  return { topicConfigSerializeWrapper: wrapper, filterServerList: servers };
}

/** `name read write perm filterType {attributes}`. */
function topicOf(text: string): TopicConfig {
  const [topicName, readQueueNums, writeQueueNums, perm, topicFilterType, ...attributes] = text.split(' ');
  const numbers = [readQueueNums, writeQueueNums, perm].map(Number);
  if (text.split(' ', topicFieldsMin).length < topicFieldsMin || topicName === '' || numbers.some((each) => !Number.isInteger(each))) {
    throw invalid(`"${text.slice(0, 80)}" is no topic`);
  }
  const json = attributes.join(' ');
  return TopicConfig.create({
    topicName: topicName!,
    readQueueNums: numbers[0]!,
    writeQueueNums: numbers[1]!,
    perm: numbers[2]!,
    topicFilterType: topicFilterType === 'MULTI_TAG' ? 'MULTI_TAG' : 'SINGLE_TAG',
    attributes: json === '' ? new Map() : attributesOf(json),
  });
}

const attributesOf = (json: string): Map<string, string> => TopicConfig.decode(Buffer.from(`{"attributes":${json}}`)).attributes;

function inflate(bytes: Uint8Array): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: inflatedBytesMax });
  } catch (error) {
    throw invalid(`it does not inflate: ${(error as Error).message}`);
  }
}

/** int32 length + bytes, again and again. */
class Pieces {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  next(): Buffer {
    const length = this.int();
    if (length < 0 || length > this.bytes.length - this.at) throw invalid(`a piece of ${length} bytes where ${this.bytes.length - this.at} are left`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** How many pieces follow: each takes four bytes at least. */
  count(): number {
    const count = this.int();
    if (count < 0 || count > (this.bytes.length - this.at) / 4) throw invalid(`${count} pieces where ${this.bytes.length - this.at} bytes are left`);
    return count;
  }

  private int(): number {
    if (this.at + 4 > this.bytes.length) throw invalid('it ends in the middle');
    this.at += 4;
    return this.bytes.readInt32BE(this.at - 4);
  }
}

const invalid = (why: string): KiteError => new KiteError('KITE_BODY_INVALID', `Not a compressed registration: ${why}`);

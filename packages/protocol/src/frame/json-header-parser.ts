import { FrameLimits, SerializeType } from '../frame.ts';
import { JsonExt } from '../header/json-ext.ts';
import { intFromText } from '../header/text-number.ts';
import { languageOrdinal } from '../language-code.ts';
import { DecodedFrame } from './decoded-frame.ts';
import { frameInvalid } from './frame-error.ts';
import type { ReadSoFar } from './frame-error.ts';

const noFields: Record<string, unknown> = Object.freeze(Object.create(null));

/** Decodes a header by JSON.parse: takes every JSON that fastjson would, and says what is wrong with the rest. */
export function parseJsonHeader(text: string): DecodedFrame {
  const header = parseObject(text);
  const opaque = numberOf(header['opaque']);
  const flag = numberOf(header['flag']);
  if (Number.isNaN(opaque) || Number.isNaN(flag)) throw frameInvalid('opaque or flag is not a number');
  const known = { opaque, flag };
  const code = numberOf(header['code']);
  const version = numberOf(header['version']);
  if (Number.isNaN(code) || Number.isNaN(version)) throw frameInvalid('code or version is not a number', known);
  const remark = header['remark'];
  const ext = header['extFields'] ?? noFields;
  if (typeof ext !== 'object' || Array.isArray(ext)) throw frameInvalid('extFields is not an object', known);
  if (Object.keys(ext).length > FrameLimits.extFieldsMax) throw frameInvalid(`more than ${FrameLimits.extFieldsMax} text fields`, known);
  const frame = new DecodedFrame(SerializeType.json, opaque, flag, new JsonExt(ext as Record<string, unknown>));
  frame.code = code;
  frame.version = version;
  frame.language = languageOf(header['language']);
  if (remark !== undefined && remark !== null) frame.remark = typeof remark === 'string' ? remark : JSON.stringify(remark);
  return frame;
}

function parseObject(text: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw frameInvalid('its header is not JSON', readSoFar(text));
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw frameInvalid('its header is not a JSON object');
  return { __proto__: null, ...header };
}

/** An absent number is 0, as for Java's decoder; text with a number in it is a number. */
function numberOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'string') return intFromText(value);
  return typeof value === 'number' && value === (value | 0) ? value | 0 : Number.NaN;
}

function languageOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'string') return languageOrdinal(value);
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 127 ? value : -1;
}

/** Opaque and flag out of text that is not JSON as a whole. */
function readSoFar(text: string): ReadSoFar | undefined {
  const opaque = /"opaque"\s*:\s*(-?\d{1,10})\b/.exec(text);
  const flag = /"flag"\s*:\s*(-?\d{1,10})\b/.exec(text);
  return opaque === null ? undefined : { opaque: Number(opaque[1]) | 0, flag: Number(flag?.[1] ?? 0) | 0 };
}

import { SerializeType } from '../frame.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { sharedScan } from '../header/field-scan.ts';
import type { FieldScan } from '../header/field-scan.ts';
import { ScannedExt } from '../header/scanned-ext.ts';
import { languageOrdinal } from '../language-code.ts';
import { DecodedFrame } from './decoded-frame.ts';
import { JsonHeaderScanner } from './json-header-scanner.ts';
import { parseJsonHeader } from './json-header-parser.ts';

const scanner = new JsonHeaderScanner();

/**
 * Decodes the JSON header in `[start, end)`: what clients usually send is scanned in place; anything else (escaped names, values of text
 * fields that are no text, fractions) and everything broken goes to JSON.parse.
 */
export function decodeJsonHeader(buffer: FastBuffer, start: number, end: number): DecodedFrame {
  sharedScan.begin(buffer, false);
  if (!scanner.scan(buffer, start, end, sharedScan)) return parseJsonHeader(buffer.utf8Slice(start, end));
  const ext = new ScannedExt(buffer, scanner.extStart, scanner.extEnd, rescanJsonFields);
  const frame = new DecodedFrame(SerializeType.json, scanner.opaque, scanner.flag, ext);
  frame.code = scanner.code;
  frame.version = scanner.version;
  frame.language = scanner.languageStart < 0 ? 0 : languageAt(buffer, scanner.languageStart, scanner.languageEnd);
  if (scanner.remarkStart >= 0) frame.remark = scanner.remark(buffer);
  return frame;
}

function rescanJsonFields(scan: FieldScan, buffer: FastBuffer, start: number, end: number): void {
  scan.begin(buffer, false);
  if (end > start) new JsonHeaderScanner().scanFields(buffer, start, end, scan);
}

/** `JAVA`, at a glance; else by name. */
function languageAt(buffer: FastBuffer, start: number, end: number): number {
  if (end - start === 4 && buffer[start] === 0x4a && buffer[start + 1] === 0x41 && buffer[start + 2] === 0x56 && buffer[start + 3] === 0x41) return 0;
  return languageOrdinal(buffer.latin1Slice(start, end));
}

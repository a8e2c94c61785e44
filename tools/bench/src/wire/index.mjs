export { nextBeginOffset, WireConnection } from './connection.mjs';
export { encodeRequest, FIRST_OPAQUE, FrameTemplate, writeDecimal } from './frames.mjs';
export { pullBacklog, pullTail } from './pull-load.mjs';
export { sendClosedLoop, sendOpenLoop } from './send-load.mjs';

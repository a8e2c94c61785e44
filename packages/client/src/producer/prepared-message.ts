/** A message ready to be sent: what all tries have in common. */
export interface PreparedMessage {
  readonly topic: string;
  /** As it goes on the wire, compressed or not. */
  readonly body: Uint8Array;
  /** Properties in their wire form. */
  readonly properties: string;
  readonly sysFlag: number;
  readonly flag: number;
  /** ms since the epoch */
  readonly bornTimestamp: number;
  /** `UNIQ_KEY`; of a batch: all of them, joined by `,`. */
  readonly messageId: string;
  readonly batch: boolean;
  /** Of a message sent to a retry topic. */
  readonly reconsume: { readonly times: number; readonly max: number } | undefined;
}

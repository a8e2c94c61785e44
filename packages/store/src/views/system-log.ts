/** How views write their own records. */
export interface SystemLog {
  /** Bodies of this many bytes can be appended, whatever the configuration; larger ones perhaps. */
  readonly bodyBytesMax: number;
  /**
   * Appends a record to one of the store's own topics; resolves when it is durable. A refusal is thrown at once, so that what was changed for the record
   * can be put back before anybody sees it. @throws KiteError `KITE_STORE_*` when it is not going to be durable
   */
  append(topic: string, body: Uint8Array): Promise<void>;
  /** Resolves when everything appended so far is durable. */
  flush(): Promise<void>;
}

/** Bits of a message's `sysFlag` (MessageSysFlag), in send headers and stored records. */
export const MessageSysFlag = {
  compressed: 0x1,
  multiTags: 0x2,
  transactionNot: 0x0,
  transactionPrepared: 0x4,
  transactionCommit: 0x8,
  transactionRollback: 0xc,
  transactionMask: 0xc,
  bornHostV6: 0x10,
  storeHostV6: 0x20,
  needUnwrap: 0x40,
  innerBatch: 0x80,
  compressionMask: 0x700,
  compressionLz4: 0x100,
  compressionZstd: 0x200,
  compressionZlib: 0x300,
} as const;

/** Bits of a pull request's `sysFlag` (PullSysFlag): another field than a message's. */
export const PullSysFlag = {
  commitOffset: 0x1,
  suspend: 0x2,
  subscription: 0x4,
  classFilter: 0x8,
  litePull: 0x10,
} as const;

/** Bits of `topicSysFlag` and `groupSysFlag`. */
export const TopicSysFlag = { unit: 1, unitSubscription: 2 } as const;
export const GroupSysFlag = { unit: 1 } as const;

/** How a message's body is compressed. */
export type CompressionType = 'ZLIB' | 'LZ4' | 'ZSTD';

/** The transaction bits alone. */
export function transactionTypeOf(sysFlag: number): number {
  return sysFlag & MessageSysFlag.transactionMask;
}

/** `sysFlag` with its transaction bits replaced. */
export function withTransactionType(sysFlag: number, type: number): number {
  return (sysFlag & ~MessageSysFlag.transactionMask) | (type & MessageSysFlag.transactionMask);
}

/** The compression of a compressed body, or undefined for a type nobody defined. Type bits 0 are written by clients before 5.0. */
export function compressionTypeOf(sysFlag: number): CompressionType | undefined {
  switch (sysFlag & MessageSysFlag.compressionMask) {
    case 0:
    case MessageSysFlag.compressionZlib:
      return 'ZLIB';
    case MessageSysFlag.compressionLz4:
      return 'LZ4';
    case MessageSysFlag.compressionZstd:
      return 'ZSTD';
    default:
      return undefined;
  }
}

/**
 * Version numbers as frames carry them (MQVersion): ordinals, two per release (`SNAPSHOT`, release), nine patch slots per minor
 * from 3.5 on. Only those that some rule of the protocol names, plus the last of each line.
 */
export const MqVersion = {
  v3_0_7_snapshot: 28,
  v3_0_11: 37,
  v3_1_8_snapshot: 62,
  v3_2_6: 79,
  v3_4_9: 121,
  v3_5_8: 137,
  v4_0_0: 213,
  v4_1_0_snapshot: 232,
  v4_1_0: 233,
  v4_9_3: 399,
  v4_9_4: 401,
  v5_0_0: 413,
  v5_3_1: 475,
  v5_3_2: 477,
  v5_3_3: 479,
  v5_3_4: 481,
  v5_4_0: 493,
  v5_5_0: 513,
  /** Every larger ordinal is read as this one. */
  higherVersion: 612,
} as const;
export type MqVersion = (typeof MqVersion)[keyof typeof MqVersion];

/** What KiteMQ announces: it behaves as Apache RocketMQ 5.5.0. */
export const kiteMqVersion: number = MqVersion.v5_5_0;

/** First ordinal of the regular part of the list: 4.0.0-SNAPSHOT. */
const regularStart = 212;
const slotsPerMinor = 20;

/** `V5_5_0`, `V4_1_0_SNAPSHOT`, `HIGHER_VERSION`, as `brokerVersionDesc` shows it; `V<ordinal>` for releases before 4.0.0. */
export function mqVersionName(ordinal: number): string {
  if (ordinal >= MqVersion.higherVersion) return 'HIGHER_VERSION';
  if (ordinal < regularStart) return `V${ordinal}`;
  const sinceStart = ordinal - regularStart;
  const minors = Math.floor(sinceStart / slotsPerMinor);
  const slot = sinceStart % slotsPerMinor;
  const suffix = slot % 2 === 0 ? '_SNAPSHOT' : '';
  return `V${4 + Math.floor(minors / 10)}_${minors % 10}_${Math.floor(slot / 2)}${suffix}`;
}

/** The ordinal of a release from 4.0.0 on: `mqVersionOrdinal(5, 5, 0)` is 513. */
export function mqVersionOrdinal(major: number, minor: number, patch: number): number {
  return regularStart + ((major - 4) * 10 + minor) * slotsPerMinor + patch * 2 + 1;
}

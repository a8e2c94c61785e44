/**
 * @typedef {'apache' | 'kitemq'} TargetName
 * @typedef {{ name: string, unit: string, better: 'higher' | 'lower' }} Metric
 * @typedef {{ metric: Metric, target: TargetName, pair: number, value: number }} Sample
 */

/** @param {string} name @param {string} unit @returns {Metric} */
export const higher = (name, unit) => ({ name, unit, better: 'higher' });
/** @param {string} name @param {string} unit @returns {Metric} */
export const lower = (name, unit) => ({ name, unit, better: 'lower' });

/** @param {number[]} values @returns {number} */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * How many times better KiteMQ is than Apache, pair by pair: both values of a pair were measured one after the other.
 * @param {Metric} metric @param {Sample[]} samples of that metric
 * @returns {number[]} above 1: KiteMQ is better
 */
export function pairRatios(metric, samples) {
  /** @type {number[]} */
  const ratios = [];
  for (const apache of samples.filter((s) => s.target === 'apache')) {
    const kitemq = samples.find((s) => s.target === 'kitemq' && s.pair === apache.pair);
    if (kitemq !== undefined) ratios.push(metric.better === 'higher' ? kitemq.value / apache.value : apache.value / kitemq.value);
  }
  return ratios;
}

/** @param {number} value */
function short(value) {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US').replaceAll(',', ' ');
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/**
 * @param {Sample[]} samples
 * @returns {string} a markdown table, one row per metric, in the order in which the metrics were first measured
 */
export function markdownTable(samples) {
  const names = [...new Set(samples.map((s) => s.metric.name))];
  const rows = names.map((name) => {
    const of = samples.filter((s) => s.metric.name === name);
    const metric = /** @type {Sample} */ (of[0]).metric;
    const values = (/** @type {TargetName} */ target) => of.filter((s) => s.target === target).map((s) => s.value);
    const ratios = pairRatios(metric, of);
    const ratio = ratios.length === 0 ? '–' : `${short(median(ratios))}× (${short(Math.min(...ratios))}–${short(Math.max(...ratios))})`;
    return `| ${name} | ${metric.unit} | ${short(median(values('apache')))} | ${short(median(values('kitemq')))} | ${ratio} |`;
  });
  return ['| measured | unit | Apache 5.5.0 | KiteMQ | KiteMQ better by: median (min–max of pairs) |', '| --- | --- | ---: | ---: | ---: |', ...rows].join('\n');
}

/** Columns of numbers are aligned to the right. */
function isNumber(text: string): boolean {
  return /^-?[\d.,]+%?$/.test(text);
}

/** Rows under a header, columns as wide as their widest cell, two blanks between. Ends with a line end. */
export function formatTable(header: readonly string[], rows: ReadonlyArray<readonly unknown[]>): string {
  const cells = rows.map((row) => row.map((value) => (value === undefined || value === null || value === '' ? '-' : String(value))));
  const columns = header.map((title, index) => {
    const values = cells.map((row) => row[index] ?? '');
    return { width: Math.max(title.length, ...values.map((value) => value.length)), right: values.length > 0 && values.every((value) => value === '-' || isNumber(value)) };
  });
  const line = (row: readonly string[]): string =>
    columns
      .map(({ width, right }, index) => (right ? (row[index] ?? '').padStart(width) : (row[index] ?? '').padEnd(width)))
      .join('  ')
      .trimEnd();
  return `${[header, ...cells].map(line).join('\n')}\n`;
}

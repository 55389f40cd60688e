/** Columns of text with their names above, each as wide as its widest cell; null is a dash. */
export function table<Name extends string>(
  names: readonly Name[],
  rows: readonly Readonly<Record<Name, string | null>>[],
): string {
  const lines = [names, ...rows.map((row) => names.map((name) => row[name] ?? "-"))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

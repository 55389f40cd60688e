export type Cell = string | number;

/** A table as docs/costs.md has it, without the columns in which there is nothing at all. */
export function markdown(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const kept = head.flatMap((_, column) => (rows.some((row) => row[column] !== 0) ? [column] : []));
  const text = (cell: Cell = "") => (typeof cell === "number" ? cell.toLocaleString("en-US") : cell);
  const line = (cells: readonly Cell[]) => `| ${kept.map((column) => text(cells[column])).join(" | ")} |`;
  const rule = `| ${kept.map((column) => (column === 0 ? "---" : "---:")).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

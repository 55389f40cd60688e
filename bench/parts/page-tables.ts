/** Rows by their names, in them cells by their columns. */
type Table = ReadonlyMap<string, Readonly<Record<string, string>>>;
export type Tables = ReadonlyMap<string, Table>;

/** Every table of a page, by the head of its first column. */
export function readTables(page: string): Tables {
  const tables = new Map<string, Map<string, Record<string, string>>>();
  for (const block of page.match(/(?:^\|.*\n?)+/gm) ?? []) {
    const [head = [], , ...rows] = block.trim().split("\n").map(cellsOf);
    const [title = "", ...columns] = head;
    const named = rows.map(([name = "", ...cells]): [string, Record<string, string>] => [
      name,
      Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ""])),
    ]);
    tables.set(title, new Map(named));
  }
  return tables;
}

function cellsOf(line: string): string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** A number in a table; nothing where it has no such column. @throws Error where it has no such row. */
export function amount(tables: Tables, title: string, name: string, column: string): number {
  const row = tables.get(title)?.get(name);
  if (row === undefined) throw new Error(`no row "${name}" in the table "${title}"`);
  return Number((row[column] ?? "0").replaceAll(",", ""));
}

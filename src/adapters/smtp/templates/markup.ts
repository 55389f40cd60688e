/** HTML that is ready to go out, told from text that isn't by its type. */
export interface Markup {
  readonly markup: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Puts texts into HTML, escaped, for a place between tags or in quotes; markup stays what it is. */
export function html(
  literals: TemplateStringsArray,
  ...values: readonly (string | Markup | readonly Markup[])[]
): Markup {
  const rest = literals.slice(1).map((literal, index) => written(values[index] ?? "") + literal);
  return { markup: (literals[0] ?? "") + rest.join("") };
}

function written(value: string | Markup | readonly Markup[]): string {
  if (typeof value === "string") return value.replace(/[&<>"']/g, (found) => ENTITIES[found] ?? "");
  return "markup" in value ? value.markup : value.map(({ markup }) => markup).join("\n");
}

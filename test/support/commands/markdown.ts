/** A fenced block of a page, with the line its text begins at. */
export interface Block {
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

/** What a person copies into a shell. */
const SHELLS = new Set(["sh", "bash", "shell", "console"]);

/** @returns The blocks of a page that are for a shell, in their order; indented ones (in lists) without their indent. */
export function shellBlocks(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { indent: string; language: string; line: number; lines: string[] } | null = null;
  for (const [index, line] of page.split("\n").entries()) {
    const fence = /^([ \t]*)```(\S*)/.exec(line);
    if (open === null) {
      if (fence) open = { indent: fence[1] ?? "", language: fence[2] ?? "", line: index + 2, lines: [] };
    } else if (fence) {
      blocks.push({ language: open.language, text: open.lines.join("\n"), line: open.line });
      open = null;
    } else open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
  }
  return blocks.filter(({ language }) => SHELLS.has(language));
}

/** Names of npm scripts that a page mentions anywhere: `npm run bench`, `npm start`. */
export function npmMentions(page: string): string[] {
  const run = [...page.matchAll(/\bnpm run (?:-s )?([a-z][\w:-]*)/g)].map(([, name]) => name ?? "");
  const short = [...page.matchAll(/\bnpm (start|test)\b/g)].map(([, name]) => name ?? "");
  return [...new Set([...run, ...short])];
}

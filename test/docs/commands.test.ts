import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Place, ROOT } from "../support/commands/check.ts";
import { noFirebase } from "../support/commands/firebase.ts";
import { gcloudLine, lintGcloud, mustCheckAll, noGcloud } from "../support/commands/gcloud.ts";
import { checkFor } from "../support/commands/kinds.ts";
import { npmMentions, shellBlocks } from "../support/commands/markdown.ts";
import { scriptsIn } from "../support/commands/node-tools.ts";
import { type Command, simpleCommands } from "../support/commands/shell.ts";

/** Every command of every page can be typed as it stands there: a stranger gets from a clone to a running service. */

const PAGES = globSync(
  [
    "*.md",
    "docs/**/*.md",
    "deploy/*.md",
    "examples/**/*.md",
    "sandbox/*.md",
    "bench/*.md",
    "functions/*.md",
    "test/**/README.md",
  ],
  { cwd: ROOT, exclude: ["**/node_modules/**"] },
).sort();

interface Found {
  readonly where: string;
  readonly command: Command;
}

/** The commands of a page; variables that a block sets are known in those after it. */
function commandsOf(page: string): Found[] {
  const variables = new Map<string, string>();
  return shellBlocks(readPage(page)).flatMap(({ text, line }) =>
    simpleCommands(text, variables).map((command) => ({
      where: `${page}:${line + command.line - 1}`,
      command,
    })),
  );
}

function readPage(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

/** Pages of a package of their own are read in its folder, all others in the root. */
function folderOf(page: string): string {
  const folder = join(ROOT, dirname(page));
  return existsSync(join(folder, "package.json")) ? folder : ROOT;
}

const withCommands = PAGES.filter((page) => shellBlocks(readPage(page)).length > 0);

describe.each(withCommands)("%s", (page) => {
  test("has blocks that bash can read", () => {
    const wrong = shellBlocks(readPage(page)).flatMap(({ text, line }) => {
      const { status, stderr } = spawnSync("bash", ["-n"], { input: text, encoding: "utf8" });
      return status === 0 ? [] : [`${page}:${line} ${stderr}`];
    });
    expect(wrong).toEqual([]);
  });

  test("has commands that can work", async () => {
    const place: Place = { folder: folderOf(page) };
    const wrong: string[] = [];
    for (const { where, command } of commandsOf(page)) {
      if (command.name === "gcloud") continue;
      const problem = await checkFor(command.name)(command, place);
      if (problem !== null) wrong.push(`${where} ${problem}`);
    }
    expect(wrong).toEqual([]);
  });
});

test("commands of Firebase's tools are looked at by these", (context) => {
  const why = noFirebase();
  if (why !== null && !mustCheckAll()) context.skip(why);
  expect(why).toBeNull();
});

describe("commands of gcloud", () => {
  const found = withCommands.flatMap(commandsOf).filter(({ command }) => command.name === "gcloud");
  let said: ReadonlyMap<string, string> = new Map();

  beforeAll(async () => {
    if (noGcloud() === null) said = await lintGcloud(found.map(({ command }) => command.args));
  }, 120_000);

  test("are what gcloud's own parser takes", (context) => {
    const why = noGcloud();
    if (why !== null && !mustCheckAll()) context.skip(why);
    expect(why).toBeNull();
    const wrong = found.flatMap(({ where, command }) => {
      const problem = said.get(gcloudLine(command.args));
      return problem === undefined ? [] : [`${where} ${problem}`];
    });
    expect(wrong).toEqual([]);
  });
});

test.each(PAGES)("%s mentions npm scripts that are there", (page) => {
  const known = { ...scriptsIn(ROOT), ...scriptsIn(join(ROOT, dirname(page))) };
  expect(npmMentions(readPage(page)).filter((name) => known[name] === undefined)).toEqual([]);
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../support/commands/check.ts";

/** One line of a Dockerfile, as `COPY --from=build /a ./`: its word, its flags, what follows. */
export interface Instruction {
  readonly name: string;
  readonly flags: readonly string[];
  readonly args: readonly string[];
}

/** @returns The stages of the Dockerfile, in their order, each beginning with its FROM. */
export function readStages(): Instruction[][] {
  const text = readFileSync(join(ROOT, "Dockerfile"), "utf8").replaceAll("\\\n", " ");
  const stages: Instruction[][] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const instruction = read(line);
    if (instruction.name === "FROM") stages.push([]);
    stages.at(-1)?.push(instruction);
  }
  return stages;
}

function read(line: string): Instruction {
  const [, name = "", rest = ""] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
  // The exec form is JSON.
  const words: string[] = rest.startsWith("[") ? JSON.parse(rest) : rest.split(/ +/);
  const isFlag = (word: string) => name === "COPY" && word.startsWith("--");
  return { name, flags: words.filter(isFlag), args: words.filter((word) => !isFlag(word)) };
}

/** Is a path kept out of the build by `.dockerignore`? The last line that fits says so, as Docker has it. */
export function isIgnored(path: string): boolean {
  const lines = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n");
  let ignored = false;
  for (const line of lines) {
    if (line === "" || line.startsWith("#")) continue;
    const pattern = line.replace(/^!/, "");
    const fits = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", "[^/]*")}(/|$)`).test(path);
    if (fits) ignored = !line.startsWith("!");
  }
  return ignored;
}

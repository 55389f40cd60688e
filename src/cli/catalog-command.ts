import type { Command } from "commander";
import type { Finish, Io } from "./program.ts";

/** EX_CONFIG of sysexits.h. */
const EXIT_CONFIG = 78;

/** `playgrant catalog <file>`: whether a catalogue is right by itself, before it goes anywhere. */
export function addCatalog(program: Command, { stdout, stderr }: Io, finish: Finish): void {
  program
    .command("catalog")
    .description("check a catalogue by itself, before it goes anywhere")
    .argument("<file>", "the catalogue")
    .action(async (file: string) => {
      // Loaded here: the other commands need no parser of catalogues.
      const { catalogIssues } = await import("../config-files.ts");
      const issues = catalogIssues(file);
      if (issues.length === 0) stdout.write(`${file} is right\n`);
      for (const { message } of issues) stderr.write(`${message}\n`);
      finish(issues.length === 0 ? 0 : EXIT_CONFIG);
    });
}

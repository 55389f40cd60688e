import { Command, CommanderError } from "commander";
import about from "../../package.json" with { type: "json" };
import type { Output } from "../doctor/report.ts";
import { addCatalog } from "./catalog-command.ts";
import { addDoctor } from "./doctor-command.ts";
import { addKeyThai } from "./keythai-command.ts";

/** Where a command writes: results to `stdout`, all else to `stderr`. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
}

/** EX_USAGE of sysexits.h. */
const EXIT_USAGE = 64;

/** What a command does returns its exit status. */
export type Finish = (status: number) => void;

/**
 * Runs one command.
 *
 * @param args Without node and the script.
 * @returns The exit status: 0 done and all well, 1 something failed, 64 wrong usage, 78 a setting is wrong or missing.
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  let status = 0;
  const program = createProgram(io, (ended) => {
    status = ended;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    throw error;
  }
}

function createProgram(io: Io, finish: Finish): Command {
  const program = new Command("playgrant")
    .description("Google Play purchases in, entitlements and licenses out.")
    .version(about.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError("(playgrant --help tells how it is used)")
    .option("--env-file <file>", "read settings from a file, as .env; what is set already stays");
  program.hook("preAction", () => {
    const file: unknown = program.opts().envFile;
    if (typeof file === "string") loadSettings(program, file);
  });
  addDoctor(program, io, finish);
  addCatalog(program, io, finish);
  addKeyThai(program, io, finish);
  return program;
}

function loadSettings(program: Command, file: string): void {
  try {
    process.loadEnvFile(file);
  } catch {
    program.error(`error: ${file} can't be read as a file of settings`);
  }
}

import { type Command, InvalidArgumentError } from "commander";
import { readConfig } from "../config.ts";
import { isHealthy, jsonReport, type Output, textReport } from "../doctor/report.ts";
import type { Finish, Io } from "./program.ts";

interface Options {
  readonly json: boolean;
  readonly timeout: number;
}

/** `playgrant doctor`: looks at all that the service needs, and says what is wrong and what to do. */
export function addDoctor(program: Command, io: Io, finish: Finish): void {
  program
    .command("doctor")
    .description("look at all that the service needs, and say what is wrong and what to do")
    .option("--json", "print {ok, checks: [{name, status, message, fix}]} and nothing else", false)
    .option("--timeout <seconds>", "how long each check may take", seconds, 10)
    .addHelpText(
      "after",
      "\nExit status: 0 nothing failed, 1 something failed, 64 wrong usage. See docs/doctor.md.",
    )
    .action(async (options: Options) => finish(await examine(options, io)));
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 1 && value <= 600) return value;
  throw new InvalidArgumentError("Expected seconds from 1 to 600.");
}

async function examine({ json, timeout }: Options, { stdout, stderr }: Io): Promise<number> {
  // Loaded here: the other commands need none of it.
  const [{ checks }, { createContext }, { runChecks }] = await Promise.all([
    import("../doctor/checks/index.ts"),
    import("../doctor/context.ts"),
    import("../doctor/run-checks.ts"),
  ]);
  const progress = createProgress(stderr);
  const reports = await runChecks(checks, createContext(readConfig()), {
    timeoutMs: timeout * 1000,
    onDone: progress.show,
  });
  progress.clear();
  stdout.write(json ? jsonReport(reports) : textReport(reports, stdout));
  return isHealthy(reports) ? 0 : 1;
}

const CLEAR_LINE = "\r\u001b[K";

/** One line on a terminal's stderr, no longer than it is wide, gone at the end; elsewhere nothing. */
function createProgress(stderr: Output) {
  const write = (text: string) => {
    if (stderr.isTTY === true) stderr.write(CLEAR_LINE + text.slice(0, (stderr.columns ?? 80) - 1));
  };
  return {
    show: (_done: string, running: readonly string[]) => write(`checking ${running.join(", ")} …`),
    clear: () => write(""),
  };
}

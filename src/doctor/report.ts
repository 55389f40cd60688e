import { styleText } from "node:util";
import { scrub } from "../adapters/log/log.ts";
import type { Finding, Status } from "./check.ts";
import type { CheckReport } from "./run-checks.ts";

/** A stream that may be a terminal. */
export type Output = Pick<NodeJS.WriteStream, "write"> & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

const LOOKS = {
  ok: { symbol: "✓", color: "green" },
  warning: { symbol: "!", color: "yellow" },
  failed: { symbol: "✗", color: "red" },
  skipped: { symbol: "-", color: "gray" },
} as const satisfies Record<Status, { symbol: string; color: string }>;

/** True when nothing failed; warnings are allowed. */
export function isHealthy(reports: readonly CheckReport[]): boolean {
  return statuses(reports).every((status) => status !== "failed");
}

/** For machines: `{ok, checks: [{name, status, message, fix}]}`, a line for each finding. */
export function jsonReport(reports: readonly CheckReport[]): string {
  const checks = reports.flatMap(({ name, findings }) =>
    findings.map(({ status, message, fix }) => ({
      name,
      status,
      message: scrub(message),
      fix: fix === null ? null : scrub(fix),
    })),
  );
  return `${JSON.stringify({ ok: isHealthy(reports), checks }, null, 2)}\n`;
}

/** For people: with colours and symbols on a terminal, in plain words elsewhere. */
export function textReport(reports: readonly CheckReport[], output: Output): string {
  const tty = output.isTTY === true;
  const width = Math.max(...reports.map(({ name }) => name.length));
  const lines = reports.flatMap(({ name, findings }) =>
    findings.map((finding) => line(name.padEnd(width), finding, tty)),
  );
  return `${lines.join("\n")}\n\n${summary(reports)}\n`;
}

function line(name: string, { status, message, fix }: Finding, tty: boolean): string {
  const { symbol, color } = LOOKS[status];
  const head = tty ? styleText(color, symbol, { validateStream: false }) : status.padEnd("warning".length);
  const indent = " ".repeat((tty ? symbol.length : "warning".length) + name.length + 4);
  const todo = fix === null ? "" : `\n${indent}${tty ? "→" : "fix:"} ${scrub(fix)}`;
  return `${head}  ${name}  ${scrub(message)}${todo}`;
}

function summary(reports: readonly CheckReport[]): string {
  const all = statuses(reports);
  const count = (wanted: Status) => all.filter((status) => status === wanted).length;
  return `failed: ${count("failed")}, warnings: ${count("warning")}, ok: ${count("ok")}, skipped: ${count("skipped")}`;
}

function statuses(reports: readonly CheckReport[]): Status[] {
  return reports.flatMap(({ findings }) => findings.map(({ status }) => status));
}

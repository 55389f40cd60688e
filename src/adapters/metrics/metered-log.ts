import type { Log, LogFields } from "../../ports.ts";
import { scrub } from "../log/log.ts";
import type { Metrics } from "./metrics.ts";

/** Counts what is logged: one line per request, message and effect is one event in the metrics, and nothing twice. */
export function meteredLog(log: Log, metrics: Metrics): Log {
  const counted =
    (level: "info" | "warn" | "error"): Log["error"] =>
    (event, fields, error) => {
      metrics.count(event, level, labelsOf(fields), secondsOf(fields));
      log[level](event, fields, error);
    };
  return { info: counted("info"), warn: counted("warn"), error: counted("error") };
}

/** Labels of few values only: what happened, to what kind of thing. As safe to show as the line itself. */
function labelsOf(fields: LogFields = {}): { kind: string; outcome: string } {
  const kind = fields.kind ?? fields.route ?? fields.source ?? "";
  const outcome = fields.outcome ?? fields.code ?? "";
  return { kind: scrub(String(kind)), outcome: scrub(String(outcome)).slice(0, 60) };
}

function secondsOf(fields: LogFields = {}): number | null {
  return typeof fields.ms === "number" ? fields.ms / 1000 : null;
}

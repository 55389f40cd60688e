import { z } from "zod";
import { emulatorHost } from "./stage.ts";

/** The emulator's own report of what it evaluated of a project's rules. */

interface Part {
  readonly sourcePosition: { readonly currentOffset: number; readonly endOffset: number };
  readonly values?: readonly { readonly value: Readonly<Record<string, unknown>> }[] | undefined;
  readonly children?: readonly Part[] | undefined;
}

const part: z.ZodType<Part> = z.object({
  sourcePosition: z.object({ currentOffset: z.number(), endOffset: z.number() }),
  values: z.array(z.object({ value: z.record(z.string(), z.unknown()) })).optional(),
  get children() {
    return z.array(part).optional();
  },
});

const reportSchema = z.object({ report: z.array(part) });

/**
 * @returns Each expression of the rules that was never evaluated, and each condition that was never true or never false;
 * none where all was seen.
 */
export async function unseen(projectId: string, rules: string): Promise<string[]> {
  const { host, port } = emulatorHost();
  const answer = await fetch(`http://${host}:${port}/emulator/v1/projects/${projectId}:ruleCoverage`);
  const { report } = reportSchema.parse(await answer.json());
  const conditions = rules.match(/allow [^;]*: if /g) ?? [];
  const missing =
    report.length === conditions.length ? [] : [`${report.length} of ${conditions.length} rules`];
  return [...missing, ...report.flatMap((one) => gaps(one, rules))];
}

function gaps({ sourcePosition, values = [], children = [] }: Part, rules: string): string[] {
  // The last character counts: its place is the end.
  const text = rules.slice(sourcePosition.currentOffset, sourcePosition.endOffset + 1);
  // Nothing stands for what was passed over, and `undefined` for what failed.
  const seen = values.map(({ value }) => value).filter((value) => Object.keys(value).some(isResult));
  const verdicts = seen.flatMap(({ boolValue }) => (typeof boolValue === "boolean" ? [boolValue] : []));
  const own = [
    ...(seen.length === 0 ? [`never evaluated: ${text}`] : []),
    ...[true, false].flatMap((verdict) =>
      verdicts.length > 0 && !verdicts.includes(verdict) ? [`never ${verdict}: ${text}`] : [],
    ),
  ];
  return [...own, ...children.flatMap((child) => gaps(child, rules))];
}

function isResult(kind: string): boolean {
  return kind !== "undefined";
}

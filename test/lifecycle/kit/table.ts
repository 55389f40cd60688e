import { CHAPTERS } from "../chapters.ts";
import type { Chapter, Scenario } from "./scenario.ts";

/** The table of docs/lifecycle.md, made from the scenarios and read from the page. */

const HEADINGS = ["State", "Event", "Access", "Grant", "Licence", "Acknowledge", "Unnoticed", "Scenario"];

/** A row as the page has it. */
export interface Row {
  readonly id: string;
  readonly cells: readonly string[];
}

export function rowsOfScenarios(): Row[] {
  return CHAPTERS.flatMap((chapter) => chapter.scenarios.map((scenario) => rowOf(chapter, scenario)));
}

/** Rows name their scenario by an anchor of its own: `<a id="hold"></a>`. */
export function rowsOfPage(markdown: string): Row[] {
  return markdown.split("\n").flatMap((line) => {
    const id = /<a id="([a-z0-9-]+)"><\/a>/.exec(line)?.[1];
    if (id === undefined || !line.startsWith("|")) return [];
    return [
      {
        id,
        cells: line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      },
    ];
  });
}

/** The whole table, under a heading for each chapter: what belongs on the page. */
export function table(): string {
  return CHAPTERS.map(chapterTable).join("\n\n");
}

function chapterTable(chapter: Chapter): string {
  const rows = chapter.scenarios.map((scenario) => `| ${rowOf(chapter, scenario).cells.join(" | ")} |`);
  const head = [`| ${HEADINGS.join(" | ")} |`, `|${" --- |".repeat(HEADINGS.length)}`];
  return [`## ${chapter.title}`, "", ...head, ...rows].join("\n");
}

function rowOf({ file }: Chapter, scenario: Scenario): Row {
  const { id, state, event, access, grant, licence, acknowledge } = scenario;
  const link = `<a id="${id}"></a>[${id}](../test/lifecycle/${file})`;
  const cells = [state, event, access, grant, licence, acknowledge, unnoticed(scenario), link];
  return { id, cells };
}

function unnoticed({ later, appHeals }: Scenario): string {
  if (appHeals === true) return "when the app starts";
  return later === undefined ? "at once" : later.when;
}

import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/commands/check.ts";

/** Every link between the pages leads somewhere, down to the heading. */

const PAGES = globSync("**/*.md", { cwd: ROOT, exclude: ["**/node_modules/**", "reports/**"] }).sort();

/** What a heading is called in an address, as GitHub makes it. */
function anchorOf(heading: string): string {
  const words = heading.replace(/[`*]/g, "").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
  return words
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");
}

function anchorsIn(file: string): string[] {
  const text = readFileSync(file, "utf8").replaceAll(/^```.*?^```/gms, "");
  return [...text.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading));
}

/** @returns What is wrong with a link, or null. */
function wrongLink(page: string, link: string): string | null {
  const [path = "", anchor] = link.split("#");
  const file = path === "" ? join(ROOT, page) : join(ROOT, dirname(page), path);
  if (!existsSync(file)) return `${link}: not there`;
  if (anchor === undefined || statSync(file).isDirectory() || !file.endsWith(".md")) return null;
  return anchorsIn(file).includes(anchor) ? null : `${link}: no such heading`;
}

test.each(PAGES)("%s links to what is there", (page) => {
  const text = readFileSync(join(ROOT, page), "utf8").replaceAll(/^```.*?^```/gms, "");
  const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(([, link = ""]) => link);
  expect(links.flatMap((link) => wrongLink(page, link) ?? [])).toEqual([]);
});

test("headings are called as GitHub calls them", () => {
  expect(
    ["What to watch", "6. License testers", "`doctor --json`, and more", "Notices (RTDN)"].map(anchorOf),
  ).toEqual(["what-to-watch", "6-license-testers", "doctor---json-and-more", "notices-rtdn"]);
});

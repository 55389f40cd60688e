import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The files of examples/android, and just enough of Kotlin and of Android's XML to see which names they use. */

export const ROOT = join(import.meta.dirname, "../..");
export const MAIN = "examples/android/app/src/main";
export const sources = globSync(`${MAIN}/java/**/*.kt`, { cwd: ROOT }).sort();
export const xmlFiles = globSync(`${MAIN}/**/*.xml`, { cwd: ROOT }).sort();

export function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

export function billing(file: string): string {
  return read(`${MAIN}/java/com/example/app/billing/${file}`);
}

export const kotlin = sources.map(read).join("\n");
export const page = read("docs/android.md");

/** What the first group of a pattern finds, wherever it does. */
export function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? "");
}

/** The rows of the table of docs/android.md under this heading, cell by cell, without the marks of code. */
export function rowsUnder(heading: string): string[][] {
  const [, after = ""] = page.split(`${heading}\n`);
  const [table = ""] = after.split("\n\n");
  return table
    .split("\n")
    .slice(1)
    .map((row) => row.split("|").map((cell) => cell.replaceAll("`", "").trim()))
    .map((cells) => cells.slice(1, -1));
}

export interface KotlinField {
  /** As it goes over the wire. */
  readonly wire: string;
  /** Without the question mark. */
  readonly type: string;
  readonly nullable: boolean;
  readonly hasDefault: boolean;
}

const CLASS = /@Serializable\n(?:data )?class (\w+)\(/g;
const FIELD = /(?:@SerialName\("(\w+)"\) )?val (\w+): ([\w<>]+)(\?)?( =)?/g;

/** The `@Serializable` classes of a source, with the fields of their constructors. */
export function serializableClasses(source: string): Map<string, KotlinField[]> {
  return new Map(
    [...source.matchAll(CLASS)].map((match) => {
      const fields = upToClosing(source.slice(match.index + match[0].length));
      return [match[1] ?? "", [...fields.matchAll(FIELD)].map(fieldOf)];
    }),
  );
}

function fieldOf([, wire, name = "", type = "", nullable, start]: RegExpExecArray): KotlinField {
  return { wire: wire ?? name, type, nullable: nullable !== undefined, hasDefault: start !== undefined };
}

/** What stands before the parenthesis that closes one opened before. */
function upToClosing(text: string): string {
  let depth = 1;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    if (text[i] === ")") depth--;
    if (depth === 0) return text.slice(0, i);
  }
  throw new Error("a parenthesis is never closed");
}

/** `<string name="key">text</string>`, by key. A key that is there twice throws: Android's build does too. */
export function stringResources(xml: string): Map<string, string> {
  const found = [...xml.matchAll(/<string name="(\w+)">([^<]*)<\/string>/g)];
  const strings = new Map(found.map(([, key = "", text = ""]) => [key, text]));
  if (strings.size !== found.length) throw new Error("a text is there twice");
  return strings;
}

const ATTRIBUTE = String.raw`\s+[\w:]+="(?:[^"<&]|&\w+;)*"`;
const TAG = new RegExp(String.raw`^<(/?)([\w:.-]+)((?:${ATTRIBUTE})*)\s*(/?)>`);
const TEXT = /^(?:[^<&]|&\w+;)+/;

/** @returns Where a document stops being well-formed XML; null: nowhere. */
export function brokenXml(document: string): string | null {
  let rest = document.replace(/^<\?xml [^>]*\?>\s*/, "").replace(/<!--.*?-->/gs, "");
  const open: string[] = [];
  while (rest !== "") {
    const tag = TAG.exec(rest);
    const taken = tag?.[0] ?? TEXT.exec(rest)?.[0];
    if (taken === undefined) return rest.slice(0, 40);
    if (tag?.[1] === "/" && open.pop() !== tag[2]) return `</${tag[2]}>`;
    if (tag?.[1] === "" && tag[4] === "") open.push(tag[2] ?? "");
    rest = rest.slice(taken.length);
  }
  return open.length === 0 ? null : `<${open.join("><")}> is never closed`;
}

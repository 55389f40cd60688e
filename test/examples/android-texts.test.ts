import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  all,
  brokenXml,
  kotlin,
  MAIN,
  read,
  rowsUnder,
  sources,
  stringResources,
  xmlFiles,
} from "./android-source.ts";

/** What examples/android tells customers, and whether its files fit together. */

describe("the texts", () => {
  const english = stringResources(read(`${MAIN}/res/values/strings.xml`));
  const thai = stringResources(read(`${MAIN}/res/values-th/strings.xml`));

  it("are there in English and Thai", () => {
    expect([...thai.keys()]).toEqual([...english.keys()]);
    for (const [key, text] of english) expect(text, key).toMatch(/^[\x20-\x7e]+$/);
    for (const [key, text] of thai) expect(text, key).toMatch(/[\u0e00-\u0e7f]/);
  });

  it("have their apostrophes escaped, which Android drops otherwise", () => {
    for (const [key, text] of [...english, ...thai]) expect(text, key).not.toMatch(/(?<!\\)['"]/);
  });

  it("are all used, and no other is", () => {
    const named = all(kotlin, /R\.string\.(\w+)/g);
    const inXml = all(xmlFiles.map(read).join("\n"), /@string\/(\w+)/g);
    expect(new Set([...named, ...inXml])).toEqual(new Set(english.keys()));
    const told = rowsUnder("| text | when |").map(([key]) => key);
    expect([...english.keys()]).toEqual(expect.arrayContaining(told));
    expect(told.length).toBeGreaterThan(5);
  });
});

describe("the files", () => {
  it.each(xmlFiles)("%s is XML", (file) => expect(brokenXml(read(file))).toBeNull());

  it.each(sources)("%s lies where its package says, and imports what there is", (file) => {
    const [name = ""] = all(read(file), /^package ([\w.]+)$/gm);
    expect(dirname(file)).toBe(join(MAIN, "java", ...name.split(".")));
    const ours = all(read(file), /^import (com\.example\.app\.[\w.]+)$/gm);
    for (const wanted of ours.filter((each) => !/\.(R|BuildConfig)$/.test(each))) {
      const [of, it] = [wanted.slice(0, wanted.lastIndexOf(".")), wanted.split(".").at(-1)];
      const declared = sources.filter((each) => read(each).includes(`package ${of}\n`)).map(read);
      expect(declared.join("\n"), wanted).toMatch(
        new RegExp(`^(\\w+ )*(class|interface|fun|val) ${it}\\b`, "m"),
      );
    }
  });

  it("start with an activity that there is", () => {
    const activities = all(read(`${MAIN}/AndroidManifest.xml`), /android:name="\.(\w+)"/g);
    expect(activities).not.toHaveLength(0);
    for (const each of activities) expect(kotlin).toContain(`class ${each} :`);
  });
});

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { verifiedSchema } from "../../src/http/schemas.ts";
import { type OpenApi, readOpenApi } from "./android-api.ts";
import { all, page, ROOT, read } from "./android-source.ts";

/** The pages about the app and the Play Console name what there is. */

const PAGES = ["docs/android.md", "docs/play-console.md", "examples/android/README.md"];
let api: OpenApi;

beforeAll(async () => {
  api = await readOpenApi();
});

describe.each(PAGES)("%s", (file) => {
  const text = read(file);

  it("names requests that there are", () => {
    for (const request of all(text, /`((?:GET|POST|PATCH|DELETE) \/v1\/[^`?\s]+)/g)) {
      const [method = "", path = ""] = request.split(" ");
      expect(api.paths[path], request).toHaveProperty(method.toLowerCase());
    }
  });

  it("names settings that there are", () => {
    const settings = read(".env.example");
    for (const name of all(text, /`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`/g)) {
      if (name.startsWith("GOOGLE_APPLICATION")) continue;
      expect(settings, name).toMatch(new RegExp(`^${name}=`, "m"));
    }
  });

  it("leads to files and headings that there are", () => {
    for (const link of all(text, /\]\(([^)]+)\)/g)) {
      const [path = "", heading] = link.split("#");
      const target = path === "" ? file : join(dirname(file), path);
      expect(existsSync(join(ROOT, target)), link).toBe(true);
      if (heading !== undefined) expect(headingsOf(read(target)), link).toContain(heading);
    }
  });
});

/** As GitHub makes addresses of them. */
function headingsOf(text: string): string[] {
  return all(text, /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

it("docs/android.md shows a real answer", () => {
  const [json = ""] = all(page, /```json\n(.*?)\n```/gs);
  expect(verifiedSchema.safeParse(JSON.parse(json))).toMatchObject({ success: true });
});

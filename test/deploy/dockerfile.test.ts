import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/commands/check.ts";
import { type Instruction, isIgnored, readStages } from "./support/dockerfile.ts";

/** The image: what goes in, and who runs there. There is no Docker here, so its file is read. */

const [build = [], last = []] = readStages();
const of = (stage: readonly Instruction[], name: string) => stage.filter((each) => each.name === name);

test("there are two stages, and the second one takes nothing but from the first", () => {
  expect(readStages()).toHaveLength(2);
  expect(of(build, "FROM")[0]?.args).toEqual(["node:24-bookworm-slim", "AS", "build"]);
  expect(of(last, "COPY").every(({ flags }) => flags.join() === "--from=build")).toBe(true);
  expect(of(last, "RUN")).toEqual([]);
});

test("what is copied into the build is there, and not ignored", () => {
  const sources = of(build, "COPY").flatMap(({ args }) => args.slice(0, -1));
  expect(sources.length).toBeGreaterThan(5);
  for (const source of sources) {
    expect([source, existsSync(join(ROOT, source))]).toEqual([source, true]);
    expect([source, isIgnored(source)]).toEqual([source, false]);
  }
});

test("nothing else reaches the build", () => {
  const sources = of(build, "COPY").flatMap(({ args }) => args.slice(0, -1));
  const known = (path: string) => sources.some((source) => path === source || path.startsWith(`${source}/`));
  const here = globSync("{.*,*,examples/*,deploy/*}", { cwd: ROOT, exclude: ["node_modules", ".git"] });
  const reaching = here.filter((path) => !isIgnored(path) && !known(path) && path !== "examples");
  expect(reaching).toEqual([]);
  expect(
    ["deploy/env", ".env", "catalog.json", ".git", "node_modules/a", "test/a.ts"].map(isIgnored),
  ).toEqual(Array(6).fill(true));
});

test("node is process 1, started by no shell, and not as root", () => {
  expect(of(last, "ENTRYPOINT")[0]?.args).toEqual(["/usr/local/bin/node"]);
  expect(of(last, "CMD")[0]?.args).toEqual(["dist/main.js"]);
  expect(of(last, "USER")[0]?.args).toEqual(["nonroot"]);
  expect(of(last, "FROM")[0]?.args[0]).toMatch(/^gcr\.io\/distroless\/cc-debian12:nonroot$/);
});

test("it is for production, on the port that is exposed", () => {
  const [env] = of(last, "ENV");
  expect(env?.args).toEqual(expect.arrayContaining(["NODE_ENV=production", "PORT=8080"]));
  expect(of(last, "EXPOSE")[0]?.args).toEqual(["8080"]);
});

test("no step of the build needs a shell either", () => {
  const runs = of(build, "RUN").map(({ args }) => args[0]);
  expect(runs).toEqual(["npm", "/usr/local/bin/node", "find"]);
});

import { describe, expect, test } from "vitest";
import { npmMentions, shellBlocks } from "../support/commands/markdown.ts";
import { simpleCommands } from "../support/commands/shell.ts";

/** What reads the commands of the documents, so that a test of them can be believed. */

function read(script: string): string[] {
  return simpleCommands(script).map(({ name, args }) => [name, ...args].join(" | "));
}

test.each([
  ["words", "git clone  x y", ["git | clone | x | y"]],
  ["quotes of both kinds", `echo 'a "b" $C' "d 'e' \\"f\\""`, [`echo | a "b" $C | d 'e' "f"`]],
  ["an empty word", `tool --flag= "" ''`, ["tool | --flag= |  | "]],
  ["joined pieces", `echo a'b'"c"\\ d`, ["echo | abc d"]],
  ["lines that go on", "curl -X POST \\\n  https://a", ["curl | -X | POST | https://a"]],
  ["comments, but not inside words", "npm ci # and more\necho a#b", ["npm | ci", "echo | a#b"]],
  ["lists and pipes", "a && b || c; d | e & f", ["a", "b", "c", "d", "e", "f"]],
  ["redirections", "a > file 2>&1 < other <<< word", ["a"]],
  ["here-documents", "cat > f <<'EOF'\nnot | a command\nEOF\nls", ["cat", "ls"]],
  ["settings before a command", "A=1 B='2 3' node x.ts", ["node | x.ts"]],
  ["variables that are set", `A=one\necho "$A" $\{A}s $B`, ["echo | one | ones | sample"]],
  ["exported variables", 'export A=one\necho "$A"', ["export | A=one", "echo | one"]],
  ["values with a default", `echo "$\{A:-b c}"`, ["echo | sample"]],
  ["what is run inside", 'A=$(date -u) B="x$(cat f | wc)" c', ["date | -u", "cat | f", "wc", "c"]],
  ["brackets inside brackets", "a $(b $(c ')') d)", ["c | )", "b | sample | d", "a | sample"]],
  ["what is read from a command", "diff <(a) b", ["a", "diff | sample | b"]],
  [
    "conditions and loops",
    "if a; then b; else c; fi\nfor x in 1 2; do d $x; done",
    ["a", "b", "c", "d | sample"],
  ],
  ["subshells", "(cd x && ls)", ["cd | x", "ls"]],
])("it reads %s", (_name, script, commands) => {
  expect(read(script)).toEqual(commands);
});

test.each([["echo `date`"], ["echo $((1 + 2))"], ["case a in b) c ;; esac"], ['echo "open']])(
  "it refuses what it doesn't understand: %s",
  (script) => {
    expect(() => read(script)).toThrow(SyntaxError);
  },
);

test("it knows the lines that commands stand in", () => {
  expect(simpleCommands("a\n\nb \\\n  c\nd").map(({ line }) => line)).toEqual([1, 3, 5]);
});

describe("a page", () => {
  const page = [
    "# A",
    "```sh",
    "a",
    "```",
    "1. b",
    "   ```bash",
    "   c",
    "     d",
    "   ```",
    "```json",
    "{}",
    "```",
  ];

  test("has its shell blocks taken out, with their lines", () => {
    expect(shellBlocks(page.join("\n"))).toEqual([
      { language: "sh", text: "a", line: 3 },
      { language: "bash", text: "c\n  d", line: 7 },
    ]);
  });

  test("mentions npm scripts", () => {
    expect(npmMentions("`npm run bench -- x`, npm start; npm run -s lint, npm run bench")).toEqual([
      "bench",
      "lint",
      "start",
    ]);
  });
});

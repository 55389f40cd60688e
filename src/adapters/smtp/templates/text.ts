import type { Closing, Part, Passage } from "./passage.ts";

/** A letter for those who read plain text. The key stands alone on its line, to be copied. */
export function renderText(passages: readonly Passage[], closings: readonly Closing[]): string {
  const written = passages.map(({ heading, parts }) => [heading, ...parts.map(partText)].join("\n\n"));
  const closing = closings.map(({ text }) => text).join("\n");
  return `${[...written, closing].join("\n\n----\n\n")}\n`;
}

function partText(part: Part): string {
  switch (part.kind) {
    case "words":
      return part.text;
    case "fact":
      return `${part.label}: ${part.value}`;
    case "key":
      return `${part.label}:\n${part.key}`;
  }
}

import { readTokens, SAMPLE, type Token } from "./tokens.ts";

/** A command as the shell would start it: its name, what it is given, and the line of the script it stands in. */
export interface Command {
  readonly name: string;
  readonly args: readonly string[];
  readonly line: number;
}

/** Words that only say when a command runs. */
const BEFORE = new Set(["if", "then", "elif", "else", "while", "until", "do", "{", "!", "time", "exec"]);
/** Words that begin or end something that is no command. */
const ALONE = new Set(["fi", "done", "}", "esac"]);
const REDIRECTIONS = new Set(["<", ">", ">>", "<<", "<<<", ">&", "&>"]);
const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/s;

/**
 * The simple commands of a script, in their order, those inside `$(…)` first.
 *
 * @param variables What variables hold; those that the script sets are put into it, for what comes after.
 * @throws SyntaxError on what this modest reader doesn't understand: functions, `case`, arithmetic.
 */
export function simpleCommands(script: string, variables: Map<string, string> = new Map()): Command[] {
  // A variable that is set here is known from its line on; those lines come first on a page, so one look is enough.
  for (const { text, kind } of readTokens(script, variables).tokens) {
    const [, name, value] = (kind === "word" ? ASSIGNMENT.exec(text) : null) ?? [];
    if (name !== undefined) variables.set(name, value === "" ? SAMPLE : (value ?? SAMPLE));
  }
  const { tokens, inner } = readTokens(script, variables);
  const commands = inner.flatMap((each) => simpleCommands(each, variables));
  for (const words of groups(tokens)) {
    const command = toCommand(words);
    if (command !== null) commands.push(command);
  }
  return commands;
}

/** Words between operators, without redirections and what they name. */
function groups(tokens: readonly Token[]): Token[][] {
  const all: Token[][] = [[]];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) continue;
    if (token.kind === "word") all.at(-1)?.push(token);
    else if (REDIRECTIONS.has(token.text)) {
      const group = all.at(-1);
      // 2>file: the number belongs to it.
      if (/^\d$/.test(group?.at(-1)?.text ?? "")) group?.pop();
      at += 1;
    } else all.push([]);
  }
  return all;
}

function toCommand(group: readonly Token[]): Command | null {
  const words = [...group];
  while (words[0] !== undefined && (BEFORE.has(words[0].text) || ASSIGNMENT.test(words[0].text))) {
    words.shift();
  }
  const [first, ...rest] = words;
  if (first === undefined || ALONE.has(first.text) || first.text === "for") return null;
  if (["case", "function", "select"].includes(first.text)) {
    throw new SyntaxError(`line ${first.line}: ${first.text} is not understood here`);
  }
  return { name: first.text, args: rest.map(({ text }) => text), line: first.line };
}

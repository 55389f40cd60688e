/** The words and operators of a shell script, as far as commands in documents and deploy scripts go. */

/** What stands for a variable that nobody set. */
export const SAMPLE = "sample";

export interface Token {
  readonly kind: "word" | "operator";
  readonly text: string;
  readonly line: number;
}

export interface Read {
  readonly tokens: readonly Token[];
  /** What stands in `$(…)` and `<(…)`: scripts of their own. */
  readonly inner: readonly string[];
}

/**
 * Reads a script that `bash -n` accepts: quotes are taken away and variables put in, comments and here-documents left out.
 *
 * @param variables What they hold; one that isn't there is a sample.
 * @throws SyntaxError on what it doesn't understand (backquotes, arithmetic), rather than to read it wrongly.
 */
export function readTokens(script: string, variables: ReadonlyMap<string, string>): Read {
  const reader = new Reader(script, variables);
  reader.readAll();
  return reader;
}

const OPERATORS = ["&&", "||", ";;", "|&", "<<<", ">>", "<<", ">&", "&>", ..."();|&<>\n"];

class Reader implements Read {
  readonly tokens: Token[] = [];
  readonly inner: string[] = [];
  readonly #script: string;
  readonly #variables: ReadonlyMap<string, string>;
  #at = 0;
  /** The word that is being read. */
  #word: string | null = null;

  constructor(script: string, variables: ReadonlyMap<string, string>) {
    this.#script = script;
    this.#variables = variables;
  }

  readAll(): void {
    while (this.#at < this.#script.length) this.#readOne();
    this.#end();
  }

  #readOne(): void {
    const rest = this.#rest(3);
    if (rest.startsWith("\\\n")) this.#at += 2;
    else if (rest.startsWith("#") && this.#word === null) this.#at = this.#find("\n");
    else if (/^[<>]\(/.test(rest)) {
      this.#at += 1;
      this.#add(this.#substitution());
    } else if (/^[ \t]/.test(rest)) {
      this.#end();
      this.#at += 1;
    } else this.#operator(rest) || this.#character();
  }

  #operator(rest: string): boolean {
    const operator = OPERATORS.find((each) => rest.startsWith(each));
    if (operator === undefined) return false;
    this.#end();
    this.tokens.push({ kind: "operator", text: operator, line: this.#line() });
    this.#at += operator.length;
    if (operator === "\n") this.#skipHereDocument();
    return true;
  }

  #character(): void {
    const char = this.#take();
    if (char === "'") this.#singleQuoted();
    else if (char === '"') this.#doubleQuoted();
    else if (char === "$") this.#add(this.#dollar());
    else if (char === "`") this.#fail("a backquote");
    else this.#add(char === "\\" ? this.#take() : char);
  }

  #singleQuoted(): void {
    const close = this.#find("'");
    this.#add(this.#script.slice(this.#at, close));
    this.#at = close + 1;
  }

  #doubleQuoted(): void {
    this.#add("");
    for (let char = this.#take(); char !== '"'; char = this.#take()) {
      if (char === "") this.#fail("an open quote");
      else if (char === "`") this.#fail("a backquote");
      else if (char === "$") this.#add(this.#dollar());
      else if (char === "\\" && /["\\$`\n]/.test(this.#rest(1))) this.#add(this.#take().replace("\n", ""));
      else this.#add(char);
    }
  }

  /** Behind a `$`. */
  #dollar(): string {
    if (this.#rest(2) === "((") this.#fail("arithmetic");
    if (this.#rest(1) === "(") return this.#substitution();
    const [found, inBraces, bare] = /^(?:\{(\w+)[^}]*\}|(\w+|[@*#?]))/.exec(this.#rest(200)) ?? [""];
    this.#at += found.length;
    return found === "" ? "$" : (this.#variables.get(inBraces ?? bare ?? "") ?? SAMPLE);
  }

  /** At an opening bracket: what stands in it is read by itself. */
  #substitution(): string {
    const from = this.#at + 1;
    let depth = 0;
    do {
      const char = this.#take();
      if (char === "") this.#fail("an open bracket");
      else if (char === "'") this.#at = this.#find("'") + 1;
      else if (char === "\\") this.#at += 1;
      else if (char === "(") depth += 1;
      else if (char === ")") depth -= 1;
    } while (depth > 0);
    this.inner.push(this.#script.slice(from, this.#at - 1));
    return SAMPLE;
  }

  /** Behind a line's end: the text of a here-document that the line opened is nobody's command. */
  #skipHereDocument(): void {
    const [mark, operator] = [this.tokens.at(-2), this.tokens.at(-3)];
    if (operator?.text !== "<<" || mark?.kind !== "word") return;
    const close = new RegExp(`^\t*${mark.text.replace(/^-/, "")}$`, "m").exec(this.#script.slice(this.#at));
    if (close === null) this.#fail("an open here-document");
    else this.#at += close.index + close[0].length;
  }

  #end(): void {
    if (this.#word !== null) this.tokens.push({ kind: "word", text: this.#word, line: this.#line() });
    this.#word = null;
  }

  #add(text: string): void {
    this.#word = (this.#word ?? "") + text;
  }

  #take(): string {
    const char = this.#rest(1);
    this.#at += 1;
    return char;
  }

  #rest(length: number): string {
    return this.#script.slice(this.#at, this.#at + length);
  }

  #find(char: string): number {
    const found = this.#script.indexOf(char, this.#at);
    return found < 0 ? this.#script.length : found;
  }

  #line(): number {
    return this.#script.slice(0, this.#at).split("\n").length;
  }

  #fail(what: string): never {
    throw new SyntaxError(`line ${this.#line()}: ${what} is not understood here`);
  }
}

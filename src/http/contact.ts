import type { Context } from "hono";
import { parseAccept } from "hono/utils/accept";
import type { Contact, Language } from "../domain/contact.ts";
import type { HttpEnv } from "./context.ts";

/** How the caller is reached: the ID token's verified address, and the language that the app asks for. */
export function contactOf(c: Context<HttpEnv>): Contact {
  return { email: c.get("caller").email, language: languageOf(c.req.header("Accept-Language")) };
}

/** The first of the languages asked for that letters are written in; `*` asks for none. */
function languageOf(header: string | undefined): Language | null {
  for (const { type } of parseAccept(header ?? "")) {
    const language = type.toLowerCase().split("-")[0];
    if (language === "th" || language === "en") return language;
  }
  return null;
}

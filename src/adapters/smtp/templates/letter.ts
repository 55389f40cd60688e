import type { RevocationReason } from "../../../domain/access.ts";
import { assertNever } from "../../../domain/errors.ts";
import type { LicenseLetter } from "../../../ports.ts";
import { english } from "./english.ts";
import { renderHtml } from "./html.ts";
import type { Part } from "./passage.ts";
import type { Matter, Phrases } from "./phrases.ts";
import { renderText } from "./text.ts";
import { thai } from "./thai.ts";

export interface RenderedLetter {
  /** One line. */
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

type Wording = Pick<LicenseLetter, "language" | "productName" | "news">;

/**
 * Writes a letter as plain text and as HTML. Without a language it is written in Thai, then in English; a key is shown
 * once all the same.
 */
export function renderLetter({ language, productName, news }: Wording): RenderedLetter {
  const product = oneLine(productName);
  const spoken = [thai, english].filter((phrases) => language === null || phrases.language === language);
  const matter = matterOf(news);
  const passages = spoken.map((phrases, index) => ({
    language: phrases.language,
    heading: phrases.heading[matter],
    parts: partsOf(phrases, product, news, index === 0),
  }));
  const subject = `${product}: ${spoken.map((phrases) => phrases.subject[matter]).join(" / ")}`;
  const closings = spoken.map((phrases) => ({ language: phrases.language, text: phrases.automatic }));
  return {
    subject,
    text: renderText(passages, closings),
    html: renderHtml(subject, product, passages, closings),
  };
}

function matterOf(news: LicenseLetter["news"]): Matter {
  switch (news.kind) {
    case "delivered":
      return news.formerMasked === null ? "delivered" : "replaced";
    case "restored":
      return "restored";
    case "revoked":
      return comesBack(news.reason) ? "paused" : "ended";
    default:
      return assertNever(news);
  }
}

/** The one reason after which the same key may work again by itself (entitlement-grants.md section 4). */
function comesBack(reason: RevocationReason): boolean {
  return reason === "subscription_on_hold";
}

function partsOf(phrases: Phrases, product: string, news: LicenseLetter["news"], first: boolean): Part[] {
  switch (news.kind) {
    case "delivered": {
      const { key, formerMasked, until } = news;
      const lead =
        formerMasked === null
          ? phrases.delivered(product)
          : phrases.replaced(product, endingOf(formerMasked));
      const box: Part[] = first ? [{ kind: "key", label: phrases.keyLabel, key: key.reveal() }] : [];
      const use = words(phrases.howTo[first ? "below" : "above"]);
      return [words(lead), ...box, use, ...end(phrases, until), words(phrases.keepIt)];
    }
    case "restored": {
      const lead = words(phrases.restored(product, endingOf(news.masked)));
      return [lead, words(phrases.nothingToDo), ...end(phrases, news.until)];
    }
    case "revoked": {
      const { why, next } = phrases.reasons[news.reason];
      const lead = phrases[comesBack(news.reason) ? "paused" : "ended"](product, endingOf(news.masked));
      return [words(lead), words(why), words(next)];
    }
    default:
      return assertNever(news);
  }
}

function end(phrases: Phrases, until: number | null): Part[] {
  if (until === null) return [];
  return [{ kind: "fact", label: phrases.untilLabel, value: phrases.moment(until) }, words(phrases.renewal)];
}

function words(text: string): Part {
  return { kind: "words", text };
}

function endingOf(masked: string): string {
  return masked.slice(-4);
}

/** The owner's words come from a file: no line breaks, nothing that turns the direction of what follows. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\s\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, " ").trim();
}

import { html, type Markup } from "./markup.ts";
import type { Closing, Part, Passage } from "./passage.ts";

/**
 * Mail programs drop what stands in `style` elements at will: what must hold is said on the elements. The element adds the
 * dark colors. Fonts are those of the device, nothing is fetched from anywhere.
 */
const FONT =
  "font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans Thai','Thonburi','Leelawadee UI',Tahoma,sans-serif";
const MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace";

const DARK = html`<style>
  :root { color-scheme: light dark; }
  @media (prefers-color-scheme: dark) {
    .page { background: #101418 !important; }
    .card { background: #1b2127 !important; border-color: #323b44 !important; }
    .ink { color: #eef2f5 !important; }
    .soft { color: #a9b4be !important; }
    .key { background: #10261b !important; border-color: #2f6b4a !important; }
    .rule { border-color: #323b44 !important; }
  }
</style>`;

/** A letter as a page of HTML: one card, first what it is for, then what it says in each language. */
export function renderHtml(
  title: string,
  product: string,
  passages: readonly Passage[],
  closings: readonly Closing[],
): string {
  const page = html`<!DOCTYPE html>
<html lang="${passages[0]?.language ?? "en"}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<title>${title}</title>
${DARK}
</head>
<body class="page" style="margin:0;padding:0;background:#f2f4f6;-webkit-text-size-adjust:100%">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="background:#f2f4f6">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px;background:#ffffff;border:1px solid #dfe4e8;border-radius:12px;border-collapse:separate">
<tr><td style="padding:28px 24px 14px;${{ markup: FONT }}">
<p class="soft" translate="no" style="margin:0 0 4px;color:#5b6770;font-size:14px;line-height:1.5">${product}</p>
${passages.map((passage, index) => passageHtml(passage, index > 0))}
</td></tr>
</table>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px">
<tr><td style="padding:16px 24px;${{ markup: FONT }}">
${closings.map(closingHtml)}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`;
  return page.markup;
}

function passageHtml({ language, heading, parts }: Passage, later: boolean): Markup {
  const rule = later
    ? html`<hr class="rule" style="margin:28px 0 24px;border:0;border-top:1px solid #dfe4e8">`
    : html``;
  return html`${rule}<div lang="${language}">
<h1 class="ink" style="margin:0 0 16px;color:#14181b;font-size:22px;line-height:1.4;font-weight:700">${heading}</h1>
${parts.map(partHtml)}
</div>`;
}

function partHtml(part: Part): Markup {
  switch (part.kind) {
    case "words":
      return html`<p class="ink" style="margin:0 0 14px;color:#14181b;font-size:16px;line-height:1.6">${part.text}</p>`;
    case "fact":
      return html`<p class="ink" style="margin:0 0 14px;color:#14181b;font-size:16px;line-height:1.6"><span class="soft" style="color:#5b6770">${part.label}</span><br><strong>${part.value}</strong></p>`;
    case "key":
      return keyHtml(part.label, part.key);
  }
}

/** Big, and one tap marks all of it where the mail program allows. A long one breaks between its groups if it can. */
function keyHtml(label: string, key: string): Markup {
  return html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin:4px 0 18px;table-layout:fixed">
<tr><td class="key" style="padding:14px 16px 16px;background:#eef8f2;border:1px solid #a9d9bf;border-radius:10px">
<p class="soft" style="margin:0 0 6px;color:#5b6770;font-size:13px;line-height:1.5">${label}</p>
<div class="ink" lang="zxx" dir="ltr" translate="no" style="color:#14181b;font-size:20px;line-height:1.5;font-weight:600;word-wrap:break-word;overflow-wrap:anywhere;-webkit-user-select:all;user-select:all;${{ markup: MONO }}">${key}</div>
</td></tr>
</table>`;
}

function closingHtml({ language, text }: Closing): Markup {
  return html`<p class="soft" lang="${language}" style="margin:0 0 6px;color:#5b6770;font-size:13px;line-height:1.5;text-align:center">${text}</p>`;
}

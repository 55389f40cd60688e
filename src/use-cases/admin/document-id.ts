/** Can this be the id of something we put aside? What can't is never looked for: it might not even be a document's name. */
export function isDocumentId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}

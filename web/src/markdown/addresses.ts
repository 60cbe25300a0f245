// Which addresses of a model's text may be followed, and which pictures drawn. What is not listed here is text.

const FOLLOWED = new Set(['http:', 'https:', 'mailto:']);

/** The address as the browser would read it, or null: no scripts, no data, nothing relative to this site. */
export function safeHref(address: string): string | null {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (!FOLLOWED.has(url.protocol)) return null;
  // A name and password before the host only serve to mislead.
  if (url.username !== '' || url.password !== '') return null;
  return url.href;
}

/** A bitmap that came with the text; anything else would be fetched from somewhere, or could hold more than a picture. */
export function safeImage(address: string): string | null {
  return /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$/.test(address) ? address : null;
}

// Pictures that a person adds to a question, as data URLs: the server fetches none.

import type { ImagePart } from '$/api/completions';
import { bytes } from '$/format/number';

export type ContentPart = ImagePart;

const TYPES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
/** Well below what a request's body may have. */
const MOST_BYTES = 4_000_000;

export async function readPictures(files: Iterable<File>): Promise<{ parts: ContentPart[]; refused: string | null }> {
  const parts: ContentPart[] = [];
  let refused: string | null = null;
  for (const file of files) {
    if (!TYPES.has(file.type)) refused = `${file.name} is not a PNG, JPEG, GIF or WebP picture`;
    else if (file.size > MOST_BYTES) refused = `${file.name} has ${bytes(file.size)}; at most ${bytes(MOST_BYTES)} are sent`;
    else parts.push({ type: 'image_url', image_url: { url: await dataUrl(file) } });
  }
  return { parts, refused };
}

function dataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error ?? new Error('the picture could not be read'));
    reader.readAsDataURL(file);
  });
}
